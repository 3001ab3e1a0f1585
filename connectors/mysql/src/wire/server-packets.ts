import { mysqlError } from '../errors.ts'
import { type Capabilities, capability } from './capabilities.ts'
import { unexpected } from './connection.ts'
import { Payload } from './payload.ts'

/**
 * What the server sends, but for the rows of a result.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */

/** First bytes by which answers are told apart. */
export const mark = { ok: 0x00, more: 0x01, localFile: 0xfb, end: 0xfe, error: 0xff } as const

/** How a server introduces itself. */
export interface Greeting {
  /** Such as `8.0.36` or `10.11.6-MariaDB`. */
  readonly version: string
  readonly threadId: number
  readonly capabilities: Capabilities
  /** 20 bytes with which a password is proved. */
  readonly nonce: Buffer
  /** The way of proving it that the server prefers. */
  readonly plugin: string
}

/** @returns undefined when it is none of the protocol's tenth version, which MySQL has spoken since 4.1 */
export function readGreeting(bytes: Buffer): Greeting | undefined {
  // Up to the second part of the nonce there are 44 bytes besides the version.
  if (bytes[0] !== 10 || bytes.indexOf(0, 1) === -1 || bytes.length < bytes.indexOf(0, 1) + 44)
    return undefined
  const payload = new Payload(bytes, 1, bytes.length)
  const version = payload.textToNul()
  const threadId = payload.number(4)
  const first = payload.bytes(8)
  payload.skip(1)
  const low = payload.number(2)
  payload.skip(3)
  const common = (low | (payload.number(2) << 16)) >>> 0
  if ((common & capability.protocol41) === 0) return undefined
  const length = payload.number(1)
  payload.skip(6)
  const own = payload.number(4)
  const second = payload.bytes(Math.min(payload.left, Math.max(13, length - 8)))
  return {
    // MariaDB puts 5.5.5- in front, for replicas that are older than its version 10.
    version: version.replace(/^5\.5\.5-/, ''),
    threadId,
    capabilities: { common, mariadb: (common & capability.mysql) === 0 ? own : 0 },
    nonce: Buffer.concat([first, second.subarray(0, 12)]),
    plugin: payload.textToNul(),
  }
}

/** An error of the server, before it is known what the user should read of it. Never leaves this connector. */
export class ServerError extends Error {
  /** The number of the error, such as 1064. */
  readonly number: number
  readonly sqlState: string
  /** May quote row data: see `query-error.ts`. */
  readonly text: string

  constructor(number: number, sqlState: string, text: string) {
    super(`Error ${number}`)
    this.number = number
    this.sqlState = sqlState
    this.text = text
  }
}

export function readError(bytes: Buffer, start: number, end: number): ServerError {
  const payload = new Payload(bytes, start + 1, end)
  const number = payload.number(2)
  const rest = payload.bytes(payload.left).toString('utf8')
  // Before the login is over there may be no state.
  return rest.startsWith('#')
    ? new ServerError(number, rest.slice(1, 6), rest.slice(6))
    : new ServerError(number, 'HY000', rest)
}

/** A column of a result as the server describes it. */
export interface DescribedColumn {
  readonly name: string
  /** Number of the character set; 63 is binary. */
  readonly charset: number
  /** Most characters that it shows. */
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly decimals: number
  /** What MariaDB says beyond the type: `json`, `uuid`, `inet6`. */
  readonly format: string | undefined
}

/**
 * How many columns the result has that begins.
 * @throws BulkheadError `mysql-not-a-query` when there is no result, `mysql-protocol`
 */
export function readColumnCount(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]
  // A server that asks for a file of this machine gets none (LOCAL INFILE), and this session is over.
  if (first === mark.localFile) throw unexpected()
  if (first === mark.ok)
    throw mysqlError('mysql-not-a-query', 'The statement returns no rows', { path: 'query' })
  return new Payload(bytes, start, end).lengthEncoded() ?? 0
}

/** @param extended  whether the capability of MariaDB was agreed on */
export function readColumn(bytes: Buffer, start: number, end: number, extended: boolean): DescribedColumn {
  const payload = new Payload(bytes, start, end)
  for (let skipped = 0; skipped < 4; skipped += 1) payload.skip(payload.lengthEncoded() ?? 0)
  const name = payload.text() ?? ''
  payload.skip(payload.lengthEncoded() ?? 0)
  const format = extended ? readFormat(payload.bytes(payload.lengthEncoded() ?? 0)) : undefined
  payload.lengthEncoded()
  return {
    name,
    charset: payload.number(2),
    length: payload.number(4),
    type: payload.number(1),
    flags: payload.number(2),
    decimals: payload.number(1),
    format,
  }
}

function readFormat(bytes: Buffer): string | undefined {
  const payload = new Payload(bytes, 0, bytes.length)
  let format: string | undefined
  while (payload.left > 0) {
    payload.skip(1)
    format = payload.text() ?? format
  }
  return format
}

/** Whether a payload ends a list of columns or rows; a row of the binary protocol begins with 0. */
export function isEnd(bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === mark.end && end - start < 9
}

/** Warnings that the end of a result counts. */
export function readWarnings(bytes: Buffer, start: number, end: number): number {
  return end - start < 3 ? 0 : bytes.readUInt16LE(start + 1)
}
