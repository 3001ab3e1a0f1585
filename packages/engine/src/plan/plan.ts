import type { CsvOptions, Flags, Form, OutputFormat, ParameterValue } from '@bulkhead/connector-sdk'
import type { Guarantee, PreparedResult, ProcessStep } from '@bulkhead/contract'
import type { ConnectorEntry } from '../catalog/catalog.ts'

/** What a run will do, all of it decided before it starts. Made by `planRun`, a pure function. */
export interface Plan {
  readonly application: string
  /** Undefined for an ad hoc request. */
  readonly job: string | undefined
  /** As they stand for this request. */
  readonly flags: Flags
  /** Undefined when the job is read as it stands. */
  readonly preparation: PlannedPreparation | undefined
  readonly source: PlannedSource
  readonly process: readonly ProcessStep[]
  readonly output: PlannedOutput
  readonly store: PlannedConnection
  readonly urlExpiresInSeconds: number
  /** How long the application wants the result kept, milliseconds; undefined: it does not say. */
  readonly keptForMs: number | undefined
  readonly chunk: { readonly rows: number; readonly bytes: number }
  readonly retry: { readonly attempts: number; readonly withinMs: number }
  readonly limits: PlannedLimits
  readonly network: { readonly allow: readonly string[] | undefined; readonly allowLoopback: boolean }
  readonly guarantee: Guarantee
  /** Why the guarantee is what it is, as sentences. */
  readonly guaranteeReasons: readonly string[]
  readonly consistency: 'snapshot' | 'none'
  readonly warnings: readonly string[]
}

/** The application's own say in what is read. */
export interface PlannedPreparation {
  readonly way: { readonly file: string } | { readonly url: string; readonly secret: string | undefined }
  /** The file, or the endpoint without its query, for people. */
  readonly by: string
  /** Where it stands, for errors: `spec.jobs.monthly.prepare`. */
  readonly path: string
  readonly timeoutMs: number
  /** Names of the connections that it may choose. */
  readonly connections: readonly string[]
  /** The request's, checked; the source may get others. */
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** Undefined while it was not asked: until then the plan shows what the job says, and cannot be run. */
  readonly result: PreparedResult | undefined
}

export interface PlannedConnection {
  /** Name in the manifest; `ad-hoc` when the request brought it. */
  readonly name: string
  readonly connector: ConnectorEntry
  /** Valid but for the secrets, which are still `{ secret: NAME }`. */
  readonly config: Readonly<Record<string, unknown>>
  /** Where it stands in manifest or request, for errors: `spec.connections.ledger.config`. */
  readonly path: string
  readonly limits: {
    readonly connections: number
    readonly queryTimeoutMs: number
    readonly connectTimeoutMs: number
  }
  /** After so many faults in a row it is not tried for so long; 0: it always is. A store has none. */
  readonly breaker: { readonly failures: number; readonly openForMs: number }
}

export interface PlannedSource extends PlannedConnection {
  readonly query: unknown
  /** Where it stands in manifest or request, for errors: `spec.jobs.monthly.source.query`. */
  readonly queryPath: string
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /** Those of the parameters whose values are shown to nobody. */
  readonly secretParameters: readonly string[]
  readonly form: Form
  /** Why this form and no better one, as what follows a colon. */
  readonly formReason: string
  /** Read in this order when the source cannot be reached. */
  readonly fallbacks: readonly PlannedConnection[]
  /** Other connections of the application that its settings name, for `fetchFiles`. */
  readonly reachable: Readonly<Record<string, PlannedConnection>>
  /** The job is refused rather than read from a system that changes meanwhile. */
  readonly mustBeOneMoment: boolean
}

export interface PlannedOutput {
  readonly format: OutputFormat
  readonly csv: CsvOptions
  readonly compression: 'none' | 'gzip' | 'zstd'
  readonly compressionLevel: number
  /** With parameters filled in, endings added and checked; not used when the source names its files. */
  readonly fileName: string
  readonly split: { readonly rows: number | undefined; readonly bytes: number | undefined } | undefined
  readonly ageRecipients: readonly string[]
}

export interface PlannedLimits {
  readonly rows: number | undefined
  readonly bytes: number | undefined
  readonly timeMs: number
  readonly temporaryBytes: number
}
