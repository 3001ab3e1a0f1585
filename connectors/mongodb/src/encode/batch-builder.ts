import type { Batch } from '@bulkhead/connector-sdk'

/** Makes batches of documents, within bounds (I8). */
export interface BatchBuilder {
  readonly rows: number
  /** Adds the document that begins there. @returns the batch that is full, when this document is one too many for it */
  add(bytes: Uint8Array, at: number): Batch | undefined
  /** Everything that is left; undefined when nothing is. */
  finish(): Batch | undefined
}

export interface BatchBounds {
  readonly rows: number
  readonly bytes: number
}
