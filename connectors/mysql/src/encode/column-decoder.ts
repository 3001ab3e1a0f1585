import type { Column } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'
import type { ColumnPlan } from '../query/column-plan.ts'
import type { View } from './column-buffer.ts'
import { Fixed } from './fixed-decoder.ts'
import { lengthAt } from './length-encoded.ts'
import { Dates, Timestamps } from './moment-decoder.ts'
import { textDecoder } from './text-decoder.ts'

/** Decodes the values of one column from the binary form of the protocol into the SDK's layout. */
export interface ColumnDecoder {
  /**
   * Takes the value at `at` for a row that ends at `end`.
   * @returns where the next value begins; beyond `end` when the row is not what the server described
   */
  add(row: number, bytes: Buffer, at: number, end: number): number
  addNull(row: number): void
  build(rows: number): Column
  reset(): void
  /** Bytes that its buffers hold in memory. */
  readonly capacity: number
  /** Bytes that a row takes here at most, besides those that the value has in the protocol. */
  readonly growth: number
}

/** @param usual  bytes of a batch, up to which buffers are kept */
export function columnDecoder(plan: ColumnPlan, usual: number): ColumnDecoder {
  const { encoding, field } = plan
  const unsigned = field.type.kind === 'integer' && field.type.unsigned === true
  switch (encoding) {
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
      return new Small(encoding, unsigned ? uint32s : int32s)
    case 'int32':
    case 'uint32':
      return new Words(unsigned ? uint32s : int32s)
    case 'float32':
      return new Words((buffer, rows) => new Float32Array(buffer, 0, rows))
    case 'int64':
      return new DoubleWords(unsigned ? uint64s : int64s)
    case 'float64':
      return new DoubleWords((buffer, rows) => new Float64Array(buffer, 0, rows))
    case 'boolean':
      return new Booleans(field.name)
    case 'bit1':
      return new OneBit()
    case 'bit':
      return new Bits()
    case 'date':
      return new Dates(plan)
    case 'timestamp':
      return new Timestamps(plan)
    case 'dateText':
    case 'timestampText':
    case 'timeText':
    case 'decimal':
    case 'bytes':
    case 'geometry':
      return textDecoder(encoding, plan, usual)
    default:
      return encoding satisfies never
  }
}

const int32s: View = (buffer, rows) => new Int32Array(buffer, 0, rows)
const uint32s: View = (buffer, rows) => new Uint32Array(buffer, 0, rows)
const int64s: View = (buffer, rows) => new BigInt64Array(buffer, 0, rows)
const uint64s: View = (buffer, rows) => new BigUint64Array(buffer, 0, rows)
const bytes8: View = (buffer, rows) => new Uint8Array(buffer, 0, rows)

class Small extends Fixed {
  readonly #encoding: 'int8' | 'uint8' | 'int16' | 'uint16'

  constructor(encoding: 'int8' | 'uint8' | 'int16' | 'uint16', view: View) {
    super(4, view)
    this.#encoding = encoding
  }
  add(row: number, bytes: Buffer, at: number): number {
    this.out.reserve(row)
    const { words } = this.out
    const low = bytes[at]!
    switch (this.#encoding) {
      case 'int8':
        words[row] = (low << 24) >> 24
        return at + 1
      case 'uint8':
        words[row] = low
        return at + 1
      case 'int16':
        words[row] = ((bytes[at + 1]! << 24) >> 16) | low
        return at + 2
      case 'uint16':
        words[row] = (bytes[at + 1]! << 8) | low
        return at + 2
      default:
        return this.#encoding satisfies never
    }
  }
}

class Words extends Fixed {
  constructor(view: View) {
    super(4, view)
  }
  add(row: number, bytes: Buffer, at: number): number {
    this.out.reserve(row)
    this.out.words[row] = word(bytes, at)
    return at + 4
  }
}

class DoubleWords extends Fixed {
  constructor(view: View) {
    super(8, view)
  }
  add(row: number, bytes: Buffer, at: number): number {
    this.out.reserve(row)
    const { words } = this.out
    words[2 * row] = word(bytes, at)
    words[2 * row + 1] = word(bytes, at + 4)
    return at + 8
  }
}

/** TINYINT(1), when the settings take it as a boolean. */
class Booleans extends Fixed {
  readonly #name: string

  constructor(name: string) {
    super(1, bytes8)
    this.#name = name
  }
  add(row: number, bytes: Buffer, at: number): number {
    const value = bytes[at]!
    if (value > 1)
      throw mysqlError('mysql-not-a-boolean', `The column "${this.#name}" has a value other than 0 and 1`, {
        path: 'query',
      })
    this.out.reserve(row)
    this.out.bytes[row] = value
    return at + 1
  }
}

class OneBit extends Fixed {
  constructor() {
    super(1, bytes8)
  }
  add(row: number, bytes: Buffer, at: number): number {
    this.out.reserve(row)
    this.out.bytes[row] = bytes[at + 1]! & 1
    return at + 2
  }
}

/** BIT(n): up to eight bytes, the highest first. */
class Bits extends Fixed {
  constructor() {
    super(8, uint64s)
  }
  add(row: number, bytes: Buffer, at: number): number {
    this.out.reserve(row)
    const target = this.out.bytes
    const length = lengthAt(bytes, at)
    const end = at + 1 + length
    for (let index = 0; index < 8; index += 1)
      target[8 * row + index] = index < length ? bytes[end - 1 - index]! : 0
    return end
  }
}

function word(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
