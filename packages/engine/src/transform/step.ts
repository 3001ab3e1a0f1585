import type { ColumnsBatch, Field, Row } from '@bulkhead/connector-sdk'

/** A step of `process`, with what its file holds already loaded. `path` is its place, for errors. */
export type TransformStep =
  | { readonly kind: 'select'; readonly names: readonly string[]; readonly path: string }
  | {
      readonly kind: 'map'
      readonly map: MapFunction
      /** What the file exports as `fields`; undefined when it exports none. */
      readonly fields?: unknown
      readonly path: string
    }
  | {
      readonly kind: 'validate'
      /** JSON Schema 2020-12 of a row as JSON Lines shows it. */
      readonly schema: unknown
      readonly onInvalid: 'fail' | 'skip'
      readonly path: string
    }

/**
 * The default export of a mapping file. It gets one row and returns one, several, or null or
 * undefined to leave it out; at once or as a promise. Calls follow one another, in the order of rows.
 */
export type MapFunction = (row: Row) => unknown

/** A row that was left out. Never holds its values. */
export interface RejectedRow {
  /** Number of the row that came into the step, from 1. */
  readonly row: number
  readonly reason: string
}

/** What became of a part of a batch. */
export interface StepOutput {
  /** Undefined when only rejections are told. */
  readonly batch: ColumnsBatch | undefined
  readonly rejected: readonly RejectedRow[]
}

/** A step at work, for the fields that come in. */
export interface RunningStep {
  /** Columns of what it yields; undefined until its code has returned a row. */
  readonly fields: readonly Field[] | undefined
  apply(batch: ColumnsBatch): AsyncIterable<StepOutput>
}
