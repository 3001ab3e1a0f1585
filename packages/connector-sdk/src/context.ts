import type { Link, LinkRequest } from './store.ts'

/** What a connector gets to know of the run that opens it. */
export interface ConnectionContext<Config> {
  /** Validated against the connector's schema, defaults filled in, secrets in clear. */
  readonly config: Config
  /** Name of the connection or store in the manifest; `ad-hoc` when the request brought it. */
  readonly connection: string
  readonly application: string
  readonly runId: string
  readonly limits: ConnectionLimits
  readonly log: Log
  /** Ends the run: closing must follow by itself within 5 s. */
  readonly signal: AbortSignal
  /** A folder of this run alone, made at the first call, removed at its end; files in it count against the run's disk limit. */
  temporaryFolder(): Promise<string>
  /** Folder against which relative paths of the manifest are resolved; undefined in an ad hoc request of a server. */
  readonly baseFolder: string | undefined
  /**
   * Fetches files of another connection of the same application into the temporary folder.
   * @param query  what the other connector takes to copy files: `{ path }` for files, `{ key }` or `{ prefix }` for S3
   * @returns      local paths, in the order of the other connector
   */
  fetchFiles(connection: string, query: unknown, signal: AbortSignal): Promise<readonly string[]>
  /** Signs a link of a local store, which the platform's own file server will serve. */
  signLink(
    object: { readonly key: string; readonly path: string; readonly bytes: number },
    request: LinkRequest,
  ): Promise<Link>
  /**
   * What earlier runs of the application left for those that open this connection with these settings in the same
   * process. Undefined where nothing outlives a run; a connector that keeps nothing leaves it alone.
   */
  readonly kept?: Kept
}

/** Things that take time to make and serve more than one run, one after the other: sessions, clients. */
export interface Kept {
  /** Takes out what was put last; undefined when there is nothing. It may have broken meanwhile. */
  take(): AsyncDisposable | undefined
  /** Keeps it for a while, with nothing of its run left in it, and disposes of it when nobody takes it. Never throws. */
  put(thing: AsyncDisposable): void
}

export interface ConnectionLimits {
  /** Connections open at once. */
  readonly connections: number
  /** Longest time of one query, milliseconds. */
  readonly queryTimeoutMs: number
  /** Longest time to reach the system, milliseconds. */
  readonly connectTimeoutMs: number
}

/** Structured, redacted, bounded. Never a row, never a secret. */
export interface Log {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void
  info(message: string, details?: Readonly<Record<string, unknown>>): void
  warn(message: string, details?: Readonly<Record<string, unknown>>): void
}
