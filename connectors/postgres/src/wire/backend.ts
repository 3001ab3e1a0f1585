/**
 * Messages that the server sends, but for the data of COPY.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Types of messages by their first byte. */
export const backend = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  notification: 0x41,
  commandComplete: 0x43,
  dataRow: 0x44,
  errorResponse: 0x45,
  copyOutResponse: 0x48,
  emptyQuery: 0x49,
  backendKeyData: 0x4b,
  noticeResponse: 0x4e,
  authentication: 0x52,
  parameterStatus: 0x53,
  rowDescription: 0x54,
  readyForQuery: 0x5a,
  copyDone: 0x63,
  copyData: 0x64,
  noData: 0x6e,
  parameterDescription: 0x74,
} as const

/** A column as the server describes it; a domain appears as the type below it. */
export interface DescribedColumn {
  readonly name: string
  readonly typeOid: number
  /** Precision, scale or length as the type encodes them; -1 when there is none. */
  readonly typeModifier: number
}

/** What the server says of an error. Message, detail, hint and where may quote row data: see `server-error.ts`. */
export interface ServerErrorFields {
  readonly sqlState: string
  readonly message: string
  readonly hint: string | undefined
  /** In characters of the statement that was sent, from 1. */
  readonly position: number | undefined
  /** Whether it happened inside a function, whose text may quote anything. */
  readonly insideFunction: boolean
}

/** An error of the server, before it is known what the user should read of it. Never leaves this connector. */
export class ServerError extends Error {
  readonly fields: ServerErrorFields
  /** Index of the statement of the sequence that failed. */
  readonly statement: number

  constructor(fields: ServerErrorFields, statement: number) {
    super(`SQLSTATE ${fields.sqlState}`)
    this.fields = fields
    this.statement = statement
  }
}

export function readRowDescription(body: Buffer): DescribedColumn[] {
  const columns: DescribedColumn[] = []
  let at = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    const end = body.indexOf(0, at)
    columns.push({
      name: body.toString('utf8', at, end),
      // After the name: table oid (4), column number (2), type oid (4), type size (2), type modifier (4), format (2).
      typeOid: body.readUInt32BE(end + 7),
      typeModifier: body.readInt32BE(end + 13),
    })
    at = end + 19
  }
  return columns
}

export function readParameterDescription(body: Buffer): number[] {
  return Array.from({ length: body.readUInt16BE(0) }, (_, index) => body.readUInt32BE(2 + 4 * index))
}

export function readDataRow(body: Buffer): (string | null)[] {
  let at = 2
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    return body.toString('utf8', at - length, at)
  })
}

/** The text of a message that is one, such as the tag of CommandComplete. */
export function readText(body: Buffer): string {
  return body.toString('utf8', 0, body.indexOf(0))
}

/** Name and value of ParameterStatus. */
export function readParameterStatus(body: Buffer): readonly [name: string, value: string] {
  const end = body.indexOf(0)
  return [body.toString('utf8', 0, end), body.toString('utf8', end + 1, body.length - 1)]
}

export function readError(body: Buffer): ServerErrorFields {
  const fields = new Map<string, string>()
  for (let at = 0; body[at] !== undefined && body[at] !== 0;) {
    const end = body.indexOf(0, at + 1)
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString('utf8', at + 1, end))
    at = end + 1
  }
  const position = fields.get('P')
  return {
    sqlState: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? '',
    hint: fields.get('H'),
    position: position === undefined ? undefined : Number(position),
    insideFunction: fields.has('W') || fields.has('q'),
  }
}
