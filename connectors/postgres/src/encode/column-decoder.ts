import type { Column } from '@bulkhead/connector-sdk'
import { postgresError } from '../errors.ts'
import type { Encoding } from '../query/server-type.ts'
import { FixedBuffer, VariableBuffer } from './column-buffer.ts'
import { numericTextBound, writeNumericText } from './numeric-text.ts'

/** Decodes the values of one column from the binary form in which COPY sends them, into the SDK's layout. */
export interface ColumnDecoder {
  /**
   * Takes the value of a row: `length` bytes at `at`; -1 is null.
   * @returns bytes that the column grew by
   */
  add(row: number, bytes: Buffer, at: number, length: number): number
  build(rows: number): Column
  reset(): void
  /** Bytes that its buffers hold in memory. */
  readonly capacity: number
}

/** @param usual  bytes of a batch, up to which buffers are kept */
export function columnDecoder(encoding: Encoding, name: string, usual: number): ColumnDecoder {
  switch (encoding) {
    case 'boolean':
      return new Booleans()
    case 'int2':
      return new Words(int16, int32Values)
    case 'int4':
      return new Words(int32, int32Values)
    case 'date':
      return new Words(daysSince1970, int32Values)
    case 'float4':
      return new Words(int32, (buffer, rows) => new Float32Array(buffer, 0, rows))
    case 'int8':
      return new DoubleWords((buffer, rows) => new BigInt64Array(buffer, 0, rows))
    case 'float8':
      return new DoubleWords((buffer, rows) => new Float64Array(buffer, 0, rows))
    case 'timestamp':
    case 'timestamptz':
      return new Timestamps(name)
    case 'numeric':
      return new Converted(numericTextBound, writeNumericText, usual)
    case 'uuid':
      return new Converted(() => 36, writeUuid, usual)
    case 'jsonb':
      // Behind the version of the format, one byte.
      return new Bytes(1, usual)
    case 'bytea':
    case 'json':
    case 'plainText':
    case 'text':
    case 'nested':
      return new Bytes(0, usual)
    default:
      return encoding satisfies never
  }
}

class Booleans implements ColumnDecoder {
  readonly #out = new FixedBuffer(1, (buffer, rows) => new Uint8Array(buffer, 0, rows))

  add(row: number, bytes: Buffer, at: number, length: number): number {
    this.#out.reserve(row)
    if (length < 0) this.#out.validity.setNull(row)
    this.#out.bytes[row] = length < 0 ? 0 : bytes[at]!
    return 1
  }
  get capacity(): number {
    return this.#out.capacity
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.validity.reset()
  }
}

type View = ConstructorParameters<typeof FixedBuffer>[1]

class Words implements ColumnDecoder {
  readonly #read: (bytes: Buffer, at: number) => number
  readonly #out: FixedBuffer

  constructor(read: (bytes: Buffer, at: number) => number, view: View) {
    this.#read = read
    this.#out = new FixedBuffer(4, view)
  }
  add(row: number, bytes: Buffer, at: number, length: number): number {
    this.#out.reserve(row)
    if (length < 0) this.#out.validity.setNull(row)
    this.#out.words[row] = length < 0 ? 0 : this.#read(bytes, at)
    return 4
  }
  get capacity(): number {
    return this.#out.capacity
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.validity.reset()
  }
}

class DoubleWords implements ColumnDecoder {
  readonly #out: FixedBuffer

  constructor(view: View) {
    this.#out = new FixedBuffer(8, view)
  }
  add(row: number, bytes: Buffer, at: number, length: number): number {
    this.#out.reserve(row)
    const { words } = this.#out
    if (length < 0) {
      this.#out.validity.setNull(row)
      words[2 * row] = words[2 * row + 1] = 0
    } else {
      words[2 * row] = int32(bytes, at + 4)
      words[2 * row + 1] = int32(bytes, at)
    }
    return 8
  }
  get capacity(): number {
    return this.#out.capacity
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.validity.reset()
  }
}

/** From 1970-01-01 to 2000-01-01, from which the server counts. */
const epochDays = 10_957
const epochMicros = 946_684_800_000_000
const epochHigh = Math.floor(epochMicros / 2 ** 32)
const epochLow = epochMicros % 2 ** 32

class Timestamps implements ColumnDecoder {
  readonly #name: string
  readonly #out = new FixedBuffer(8, (buffer, rows) => new BigInt64Array(buffer, 0, rows))

  constructor(name: string) {
    this.#name = name
  }
  add(row: number, bytes: Buffer, at: number, length: number): number {
    this.#out.reserve(row)
    const { words } = this.#out
    if (length < 0) {
      this.#out.validity.setNull(row)
      words[2 * row] = words[2 * row + 1] = 0
      return 8
    }
    let high = int32(bytes, at)
    let low = int32(bytes, at + 4) >>> 0
    const infinite = (high === 0x7fff_ffff && low === 0xffff_ffff) || (high === -0x8000_0000 && low === 0)
    if (!infinite) {
      low += epochLow
      high += epochHigh + (low >= 2 ** 32 ? 1 : 0)
      // The server counts up to 294276; the last value of 64 bits is taken by infinity.
      if (high > 0x7fff_ffff || (high === 0x7fff_ffff && low % 2 ** 32 === 0xffff_ffff))
        throw postgresError(
          'postgres-timestamp-out-of-range',
          `The column "${this.#name}" has a timestamp after 294247-01-10`,
          { path: 'query' },
        )
    }
    words[2 * row] = low
    words[2 * row + 1] = high
    return 8
  }
  get capacity(): number {
    return this.#out.capacity
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.validity.reset()
  }
}

/** Values whose binary form is what the column holds. */
class Bytes implements ColumnDecoder {
  readonly #skip: number
  readonly #column: VariableBuffer

  /** @param skip  bytes in front that do not belong to the value */
  constructor(skip: number, usual: number) {
    this.#skip = skip
    this.#column = new VariableBuffer(usual)
  }
  add(row: number, bytes: Buffer, at: number, length: number): number {
    const { out, validity } = this.#column
    if (length < 0) validity.setNull(row)
    else {
      const from = at + this.#skip
      const size = length - this.#skip
      if (out.length + size > out.bytes.length) out.reserve(size)
      const target = out.bytes
      let to = out.length
      // A call into native code costs as much as some forty bytes.
      if (size > 40) bytes.copy(target, to, from, from + size)
      else for (let each = from; each < from + size; each += 1) target[to++] = bytes[each]!
      out.length += size
    }
    this.#column.endRow(row)
    return 4 + Math.max(0, length)
  }
  get capacity(): number {
    return this.#column.capacity
  }
  build(rows: number): Column {
    return this.#column.build(rows)
  }
  reset(): void {
    this.#column.reset()
  }
}

/** Values whose binary form becomes a text. */
class Converted implements ColumnDecoder {
  readonly #bound: (bytes: Buffer, at: number) => number
  readonly #write: (bytes: Buffer, at: number, out: Buffer, to: number) => number
  readonly #column: VariableBuffer

  constructor(
    bound: (bytes: Buffer, at: number) => number,
    write: (bytes: Buffer, at: number, out: Buffer, to: number) => number,
    usual: number,
  ) {
    this.#bound = bound
    this.#write = write
    this.#column = new VariableBuffer(usual)
  }
  add(row: number, bytes: Buffer, at: number, length: number): number {
    const { out, validity } = this.#column
    const before = out.length
    if (length < 0) validity.setNull(row)
    else {
      out.reserve(this.#bound(bytes, at))
      out.length = this.#write(bytes, at, out.bytes, before)
    }
    this.#column.endRow(row)
    return 4 + out.length - before
  }
  get capacity(): number {
    return this.#column.capacity
  }
  build(rows: number): Column {
    return this.#column.build(rows)
  }
  reset(): void {
    this.#column.reset()
  }
}

function int32Values(buffer: ArrayBuffer, rows: number): Int32Array {
  return new Int32Array(buffer, 0, rows)
}

function int16(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
}

function int32(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** The largest and the smallest value are the infinities, here as there. */
function daysSince1970(bytes: Buffer, at: number): number {
  const days = int32(bytes, at)
  return days === 0x7fff_ffff || days === -0x8000_0000 ? days : days + epochDays
}

const hexDigits = Buffer.from('0123456789abcdef', 'latin1')

function writeUuid(bytes: Buffer, at: number, out: Buffer, to: number): number {
  let o = to
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) out[o++] = 0x2d
    const byte = bytes[at + index]!
    out[o++] = hexDigits[byte >> 4]!
    out[o++] = hexDigits[byte & 15]!
  }
  return o
}
