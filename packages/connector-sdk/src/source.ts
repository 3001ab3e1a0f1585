import type { Batch, Form } from './batch.ts'
import type { ConnectionContext } from './context.ts'
import type { CsvOptions, OutputFormat } from './format.ts'
import type { Field, Value } from './types.ts'

/**
 * The source role of a connector.
 *
 * `open` is called once for a run and connection; `prepare` once a read; `read` once, after it.
 * Every call takes a signal: when it aborts, give up within 5 s, tell the server, throw its reason.
 */
export interface SourceRole<Config> {
  /** Connects, or prepares to. Throws kind `auth`, `config`, `transient` with what failed and how to fix it. */
  open(context: ConnectionContext<Config>): Promise<Source>
}

export interface Source extends AsyncDisposable {
  /** Reaches the system and proves that the credentials work; cheap, read-only. @returns one line about what answered */
  check(signal: AbortSignal): Promise<string>
  /**
   * Binds the query and finds out its columns, before the first row is read.
   * Everything wrong with the query is found here: kind `config`, `path` beginning with `query`.
   */
  prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract>
}

export interface ReadRequest {
  /** In the form that the connector documents: text for SQL, an object else. */
  readonly query: unknown
  /** Checked against their declarations. Never part of the query's text. */
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** One of the forms that `connector.json` declares. */
  readonly form: Form
  /** What the result becomes. With form `bytes` the source encodes it; else it only chooses how nested values read. */
  readonly output: { readonly format: OutputFormat; readonly csv: CsvOptions }
  /** Yield at most so many rows and then end; undefined: all. */
  readonly maxRows: number | undefined
  /** Bounds of one batch (I8). */
  readonly batchRows: number
  readonly batchBytes: number
}

/** A parameter's value: what its declaration says, lists included. */
export type ParameterValue = Value | readonly Value[]

export interface Extract extends AsyncDisposable {
  /** The columns, in order. Empty with form `bytes` of a file that is copied as it is. */
  readonly fields: readonly Field[]
  /** What the reader sees while others write: one moment, or whatever is there. */
  readonly consistency: 'snapshot' | 'none'
  /**
   * How many rows there are, where the system counts them before the first one; undefined: nobody knows yet. What no
   * file can hold is refused by it before the work.
   */
  readonly rows?: number | undefined
  /**
   * Yields batches in the form that was asked for. The consumer may hold a batch until it asks for
   * the next one; after that its buffers may be used again. Waiting in `yield` is the back-pressure:
   * it must reach the system, and nothing may be read ahead beyond two batches,
   * or four where the system answers in pages (I8).
   */
  read(signal: AbortSignal): AsyncIterable<Batch>
}
