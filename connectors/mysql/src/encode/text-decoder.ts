import type { Column } from '@bulkhead/connector-sdk'
import type { ColumnPlan } from '../query/column-plan.ts'
import { textBytes, writeDate, writeDateTime, writeTime } from './calendar.ts'
import { VariableBuffer } from './column-buffer.ts'
import type { ColumnDecoder } from './column-decoder.ts'
import { lengthAt, lengthSize } from './length-encoded.ts'

type Encoding = 'dateText' | 'timestampText' | 'timeText' | 'decimal' | 'bytes' | 'geometry'

/** Decodes the columns whose values have a variable width. */
export function textDecoder(encoding: Encoding, { digits }: ColumnPlan, usual: number): ColumnDecoder {
  switch (encoding) {
    case 'bytes':
      return new Bytes(usual)
    case 'decimal':
      return new Decimals(usual)
    case 'geometry':
      return new Geometries(usual)
    case 'dateText':
      return new Moments(usual, writeDate)
    case 'timestampText':
      return new Moments(usual, (bytes, at, length, out, to) =>
        writeDateTime(bytes, at, length, digits, out, to),
      )
    case 'timeText':
      return new Moments(usual, (bytes, at, length, out, to) => writeTime(bytes, at, length, digits, out, to))
    default:
      return encoding satisfies never
  }
}

abstract class Variable implements ColumnDecoder {
  readonly growth: number
  protected readonly out: VariableBuffer

  /** @param longer  by how much a value may be longer than in the protocol */
  constructor(usual: number, longer = 0) {
    this.out = new VariableBuffer(usual)
    this.growth = 4 + longer
  }
  abstract add(row: number, bytes: Buffer, at: number, end: number): number
  addNull(row: number): void {
    this.out.addNull(row)
  }
  get capacity(): number {
    return this.out.capacity
  }
  build(rows: number): Column {
    return this.out.build(rows)
  }
  reset(): void {
    this.out.reset()
  }
}

/** Values that are kept as they come. */
class Bytes extends Variable {
  add(row: number, bytes: Buffer, at: number, end: number): number {
    const length = lengthAt(bytes, at)
    const from = at + lengthSize(bytes, at)
    // Before memory is taken for it (I8).
    if (from + length > end) return from + length
    this.out.append(bytes, from, length)
    this.out.endRow(row)
    return from + length
  }
}

/** Decimals come as text. With ZEROFILL they begin with zeros, which no number of JSON may. */
class Decimals extends Variable {
  add(row: number, bytes: Buffer, at: number): number {
    const end = at + 1 + bytes[at]!
    let from = at + 1
    while (bytes[from] === 0x30 && from + 1 < end && bytes[from + 1] !== 0x2e) from += 1
    this.out.append(bytes, from, end - from)
    this.out.endRow(row)
    return end
  }
}

/** In EWKB this bit of the type says that an SRID follows. */
const hasSrid = 0x20

/**
 * Geometries come as an SRID in four bytes, and WKB. Without SRID they are left as WKB; with one they
 * become EWKB, which is WKB with the SRID behind the type.
 */
class Geometries extends Variable {
  add(row: number, bytes: Buffer, at: number, end: number): number {
    const length = lengthAt(bytes, at)
    const from = at + lengthSize(bytes, at)
    if (from + length > end) return from + length
    const wkb = from + 4
    const srid = length < 9 ? 0 : bytes.readUInt32LE(from)
    if (srid === 0) this.out.append(bytes, wkb, Math.max(0, length - 4))
    else {
      const little = bytes[wkb] === 1
      const start = this.out.length
      this.out.append(bytes, wkb, 5)
      this.out.bytes[start + (little ? 4 : 1)]! |= hasSrid
      const number = Buffer.alloc(4)
      if (little) number.writeUInt32LE(srid)
      else number.writeUInt32BE(srid)
      this.out.append(number, 0, 4)
      this.out.append(bytes, wkb + 5, length - 9)
    }
    this.out.endRow(row)
    return from + length
  }
}

type Write = (bytes: Buffer, at: number, length: number, out: Buffer, to: number) => number

/** Dates and times as the text of the server. */
class Moments extends Variable {
  readonly #write: Write

  constructor(usual: number, write: Write) {
    super(usual, textBytes)
    this.#write = write
  }
  add(row: number, bytes: Buffer, at: number): number {
    const length = bytes[at]!
    this.out.reserve(textBytes)
    this.out.length = this.#write(bytes, at + 1, length, this.out.bytes, this.out.length)
    this.out.endRow(row)
    return at + 1 + length
  }
}
