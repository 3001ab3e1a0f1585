import type { Batch, Field } from '@bulkhead/connector-sdk'

/** The result of a query that has succeeded. */
export interface Result {
  /** Empty when files are copied as they are. */
  readonly fields: readonly Field[]
  readonly batches: (signal: AbortSignal) => AsyncIterable<Batch>
}
