import type { ColumnsBatch } from '@bulkhead/connector-sdk'
import type { Room } from './row-formatter.ts'

/** Makes the content of one file out of columns. Its output goes to the stage that it was created with. */
export interface Encoder {
  /**
   * Size of the content so far, as limits count it: bytes of text formats, and of Avro and
   * the sheet of Excel before they are compressed; for Parquet the bytes of the columns, because what they become is known only when a row group is complete.
   */
  readonly size: number
  /** Writes what stands before the first row. Called once, first. */
  begin(): Promise<void>
  /**
   * Writes as many whole rows as there is room for. The batch may be used again when it resolves.
   * @returns how many rows were written
   */
  write(batch: ColumnsBatch, room: Room): Promise<number>
  /** Writes what stands after the last row. The stage is not ended. */
  end(): Promise<void>
  /** Lets go of everything, after a failure. Never throws. */
  abort(): void
}
