import type {
  BulkheadError,
  ConnectionContext,
  ConnectorDefinition,
  Log,
  Source,
  Store,
} from '@bulkhead/connector-sdk'
import type { Application } from '../application/application.ts'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import type { PlannedConnection } from '../plan/plan.ts'
import type { Breakers } from './breakers.ts'
import type { KeptConnections } from './kept-connections.ts'
import type { SecretResolver } from '../secrets/resolve-secrets.ts'

/** What a run needs of the process that it is in. */
export interface RunContext {
  readonly runId: string
  /** First part of the keys of its objects; default: the run's id. */
  readonly folder?: string
  readonly application: Pick<Application, 'name' | 'folder' | 'files'>
  /** Folder against which settings with relative paths are resolved; undefined where there is none. */
  readonly baseFolder: string | undefined
  readonly secrets: SecretResolver
  /** Redacts by itself. */
  readonly log: Log
  /** Told now and then how far the run is, and once at its end. */
  readonly onProgress?: (progress: Progress) => void
  /** Ends the run; its reason is the error of the run. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Where the temporary folder is made, if one is needed. */
  readonly temporaryRoot: string
  readonly signLink: ConnectionContext<unknown>['signLink']
  /** Where runs follow one another; absent: connections end with their run. */
  readonly kept?: KeptConnections
  /** Where runs follow one another; absent: a connection is tried whenever it is asked for. */
  readonly breakers?: Breakers
  /** Told what happens on the way to the sources of the run. */
  readonly onSource?: (event: SourceEvent) => void
  readonly load: (entry: ConnectorEntry) => Promise<ConnectorDefinition<unknown>>
  /** In place of the application's preparing code or endpoint: tests bring what it would return. */
  readonly prepare?: () => Promise<unknown>
  /** In place of the planned source: tests of an application bring their own rows. */
  readonly openSource?: (planned: PlannedConnection) => Promise<Source>
  /** In place of the planned store. `open` opens that one: who only wraps it need not know how. */
  readonly openStore?: (planned: PlannedConnection, open: () => Promise<Store>) => Promise<Store>
  /**
   * A truer error than the one that a connector reports, when somebody knows one: the network guard
   * that refused a connection, which the connector took for an outage.
   */
  readonly diagnose?: (error: BulkheadError) => BulkheadError | undefined
}

export type SourceEvent =
  /** Reading is begun, from the start. */
  | { readonly what: 'attempt' }
  /** An attempt, or one connection of it, came to nothing. */
  | { readonly what: 'fault'; readonly connection: string; readonly code: string }
  /** The breaker of a connection opened. */
  | { readonly what: 'opened'; readonly connection: string }

export interface Progress {
  /** Rows of the result so far; null when nobody looks at rows. */
  readonly rows: number | null
  /** Bytes of the result so far, as they are stored. */
  readonly bytes: number
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}
