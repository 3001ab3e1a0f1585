import type { Column } from '@bulkhead/connector-sdk'
import { FixedBuffer, type View } from './column-buffer.ts'
import type { ColumnDecoder } from './column-decoder.ts'

/** A column whose values have a fixed width: all but how one is read. */
export abstract class Fixed implements ColumnDecoder {
  readonly growth: number
  protected readonly out: FixedBuffer

  constructor(width: 1 | 4 | 8, view: View) {
    this.out = new FixedBuffer(width, view)
    this.growth = width
  }
  abstract add(row: number, bytes: Buffer, at: number): number
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
    this.out.validity.reset()
  }
}
