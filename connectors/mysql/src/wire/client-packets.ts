import { type Capabilities, capability } from './capabilities.ts'

/**
 * What the client sends.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
 */

/** utf8mb4_general_ci, which every server knows. */
const charset = 45
const maxPacket = 0x4000_0000
const fullPacket = 0xff_ff_ff

/** Commands by their first byte. */
const command = { quit: 1, query: 3, ping: 14, prepare: 22, execute: 23, close: 25 } as const

/** Types of values that parameters are sent as. */
export const parameterType = {
  tiny: 1,
  double: 5,
  null: 6,
  bigint: 8,
  decimal: 246,
  blob: 252,
  text: 253,
} as const

/** A parameter's value as it is sent; `bytes` are in the form of the type. */
export interface BoundValue {
  readonly type: number
  readonly unsigned: boolean
  /** Undefined: NULL. */
  readonly bytes: Uint8Array | undefined
}

/** Cuts a payload into packets. @param sequence  number of the first one */
export function packets(payload: Buffer, sequence: number): Buffer {
  const parts: Buffer[] = []
  let number = sequence
  for (let at = 0; ; at += fullPacket, number += 1) {
    const piece = payload.subarray(at, at + fullPacket)
    const header = Buffer.alloc(4)
    header.writeUIntLE(piece.length, 0, 3)
    header[3] = number & 0xff
    parts.push(header, piece)
    // A full packet says that another one follows, be it an empty one.
    if (piece.length < fullPacket) return Buffer.concat(parts)
  }
}

export function query(sql: string): Buffer {
  return withText(command.query, sql)
}

/** The server takes exactly one statement here, never two. */
export function prepare(sql: string): Buffer {
  return withText(command.prepare, sql)
}

export function ping(): Buffer {
  return Buffer.of(command.ping)
}

export function quit(): Buffer {
  return Buffer.of(command.quit)
}

/** Not answered. */
export function closeStatement(statement: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = command.close
  bytes.writeUInt32LE(statement, 1)
  return bytes
}

/** Runs a prepared statement without cursor: the rows come as fast as they are read. */
export function execute(statement: number, values: readonly BoundValue[]): Buffer {
  const head = Buffer.alloc(10)
  head[0] = command.execute
  head.writeUInt32LE(statement, 1)
  head.writeUInt32LE(1, 6) // iterations, always one
  if (values.length === 0) return head
  const nulls = Buffer.alloc((values.length + 7) >> 3)
  const types = Buffer.alloc(2 * values.length)
  for (const [index, { type, unsigned, bytes }] of values.entries()) {
    if (bytes === undefined) nulls[index >> 3]! |= 1 << (index & 7)
    types[2 * index] = type
    types[2 * index + 1] = unsigned ? 0x80 : 0
  }
  return Buffer.concat([
    head,
    nulls,
    Buffer.of(1),
    types,
    ...values.map(({ bytes }) => bytes ?? Buffer.alloc(0)),
  ])
}

export interface Login {
  readonly user: string
  readonly database: string
  readonly plugin: string
  /** The first proof of the password. */
  readonly proof: Uint8Array
  /** Shown to administrators in `performance_schema.session_connect_attrs`. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Asks for TLS; the handshake follows at once. */
export function tlsRequest(capabilities: Capabilities): Buffer {
  return loginHead(capabilities)
}

export function login(
  capabilities: Capabilities,
  { user, database, plugin, proof, attributes }: Login,
): Buffer {
  const pairs = Object.entries(attributes).flatMap((pair) => pair.map(lengthEncodedText))
  const sent = (flag: number): boolean => (capabilities.common & flag) !== 0
  return Buffer.concat([
    loginHead(capabilities),
    cstring(user),
    ...(sent(capability.longAuthentication)
      ? [lengthEncoded(proof.length), proof]
      : [Buffer.of(proof.length), proof]),
    ...(sent(capability.connectWithDatabase) ? [cstring(database)] : []),
    ...(sent(capability.pluginAuthentication) ? [cstring(plugin)] : []),
    ...(sent(capability.connectAttributes)
      ? [lengthEncoded(pairs.reduce((sum, { length }) => sum + length, 0)), ...pairs]
      : []),
  ])
}

function loginHead({ common, mariadb }: Capabilities): Buffer {
  const head = Buffer.alloc(32)
  head.writeUInt32LE(common, 0)
  head.writeUInt32LE(maxPacket, 4)
  head[8] = charset
  head.writeUInt32LE(mariadb, 28)
  return head
}

/** A number before the bytes that it counts. */
function lengthEncoded(value: number): Buffer {
  if (value < 0xfb) return Buffer.of(value)
  const bytes = value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 8
  const out = Buffer.alloc(1 + bytes)
  out[0] = bytes === 2 ? 0xfc : bytes === 3 ? 0xfd : 0xfe
  out.writeUIntLE(value, 1, Math.min(6, bytes))
  return out
}

export function lengthEncodedBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([lengthEncoded(bytes.length), bytes])
}

function lengthEncodedText(text: string): Buffer {
  return lengthEncodedBytes(Buffer.from(text, 'utf8'))
}

function withText(first: number, text: string): Buffer {
  return Buffer.concat([Buffer.of(first), Buffer.from(text, 'utf8')])
}

function cstring(text: string): Buffer {
  // A NUL would end the text early and shift all that follows: the settings refuse it with a better message.
  if (text.includes('\0')) throw new TypeError('A text of the protocol holds a NUL character')
  return Buffer.from(`${text}\0`, 'utf8')
}
