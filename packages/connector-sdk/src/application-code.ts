import type { Log } from './context.ts'
import type { ParameterValue } from './source.ts'
import type { LogicalType, Row } from './types.ts'

/**
 * Types of the code that an application brings: `map` steps and `prepare`. They are for `import type`
 * alone, which is gone when the code runs, so that a folder needs no package to be executed.
 */

/** A flag as it stands for one request. */
export type FlagValue = boolean | number | string
/** Every flag that the manifest declares, by its name. */
export type Flags = Readonly<Record<string, FlagValue>>

/** What mapping code gets besides the row; the same object for every row of a run. */
export interface MapContext {
  readonly flags: Flags
}

/** One row, several, or null to leave it out. */
export type Mapped<Out extends object> = Out | readonly Out[] | null | undefined

/**
 * The default export of a file that a `map` step names. Calls follow one another, in the order of rows.
 * 64-bit integers arrive as bigint and decimals as text, see `Value`.
 */
export type MapRow<In extends object = Row, Out extends object = Readonly<Record<string, unknown>>> = (
  row: In,
  context: MapContext,
) => Mapped<Out> | Promise<Mapped<Out>>

/** Name of a type of column, as `fields` of a mapping file has it. */
export type FieldTypeName =
  | 'boolean'
  | 'integer'
  | `${'integer' | 'unsigned'}${8 | 16 | 32 | 64}`
  | 'float'
  | 'float32'
  | 'float64'
  | 'decimal'
  | 'text'
  | 'binary'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | `decimal(${string})`
/** The export `fields` of a mapping file: the columns of its rows, in their order. */
export type MapFields<Name extends string = string> = Readonly<Record<Name, FieldTypeName | LogicalType>>

/** The request that a job was asked for, as preparing code and endpoints get it. Without credentials and secrets. */
export interface PrepareRequest {
  readonly application: string
  readonly job: string
  readonly requestId: string
  /** Source of the CloudEvent; empty for a plain request. */
  readonly requestSource: string
  readonly runId: string
  /** Checked against the job's declarations, defaults filled in. */
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** What the request wants otherwise than the job, as far as the job lets it. */
  readonly output: Readonly<Record<string, unknown>>
  /** As the request gave it; undefined when it gave none. */
  readonly context?: unknown
  /** Names of the connections that may be chosen. */
  readonly connections: readonly string[]
  readonly flags: Flags
}

/** What preparing code gets besides the request. */
export interface PrepareContext {
  /** Aborts when the time is over or the run is stopped. */
  readonly signal: AbortSignal
  /** The log of the run. */
  readonly log: Log
}

/** What is read instead of what the job says; what is left out stays as the job has it. */
export interface Prepared {
  /** One of the connections that the application declares. */
  readonly connection?: string | undefined
  /** In the form that the connector of the connection documents. */
  readonly query?: unknown
  /** Parameters of the query, in place of the request's. One that the job declares is checked as it says there. */
  readonly parameters?: Readonly<Record<string, ParameterValue>> | undefined
  /** Name of the file, unless the request names one and may. `{name}` stands for a parameter. */
  readonly fileName?: string | undefined
  /** Names of parameters whose values stay out of plans, history and replies. */
  readonly secret?: readonly string[] | undefined
}

/** The request cannot be answered, for a reason that the requester is told. */
export interface PrepareRefusal {
  /** One sentence; at most 500 characters. */
  readonly refuse: string
}

/** The default export of a file that `prepare` of a job names: called once a run, before anything is opened. */
export type Prepare = (
  request: PrepareRequest,
  context: PrepareContext,
) => Prepared | PrepareRefusal | Promise<Prepared | PrepareRefusal>
