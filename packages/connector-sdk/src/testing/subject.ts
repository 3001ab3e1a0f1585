import type { ConnectorDefinition } from '../connector.ts'
import type { CsvOptions, OutputFormat } from '../format.ts'
import type { Link } from '../store.ts'
import type { ParameterValue } from '../source.ts'
import type { Field, Row } from '../types.ts'
import type { TestContextOptions } from './test-context.ts'

/** What every check needs of a connector. */
export interface Subject<Config> {
  readonly connector: ConnectorDefinition<Config>
  /** Settings that work, as a user writes them. */
  readonly config: unknown
  /** What else the connection gets: `baseFolder`, `fetchFiles`, limits. */
  readonly context?: Omit<TestContextOptions<Config>, 'config'>
  /** Settings with which connecting must fail; at least one. */
  readonly wrongConfigs: readonly WrongConfig[]
}

export interface WrongConfig {
  readonly title: string
  readonly config: unknown
  /** The code that says so; undefined when the schema itself must refuse. */
  readonly code?: string
}

export interface Query {
  readonly query: unknown
  readonly parameters?: Readonly<Record<string, ParameterValue>>
}

export interface SourceSubject<Config> extends Subject<Config> {
  /** Results that are known to the last value; at least one, and one with parameters. */
  readonly cases: readonly SourceCase[]
  /** Queries that must be refused before the first row, with the code that says so; at least one. */
  readonly wrongQueries: readonly (Query & { readonly title: string; readonly code: string })[]
  /** A result of at least 32 MiB and, where rows are counted, 1000 rows. */
  readonly large: Query
  /** A query that works for more than ten seconds before its first row, where there is such a thing. */
  readonly slow?: Query
  /** Queries that try to write; needed when the connector declares `readOnly: 'enforced'` for `sql`. */
  readonly writes?: readonly Query[]
  /** Whether all is as it was before those were tried. */
  readonly unchanged?: () => Promise<boolean>
}

export interface SourceCase extends Query {
  readonly title: string
  /** Compared by name and type. */
  readonly fields?: readonly Pick<Field, 'name' | 'type'>[]
  /** The result in the forms `columns` and `rows`. */
  readonly rows?: readonly Row[]
  /** The result in form `bytes`: contents by file name, `''` when the batches name none. */
  readonly bytes?: readonly {
    readonly format: OutputFormat
    readonly csv?: Partial<CsvOptions>
    readonly files: Readonly<Record<string, string | Uint8Array>>
  }[]
}

export interface StoreSubject<Config> extends Subject<Config> {
  /** Content of an object; undefined when there is none of this key. */
  readonly read: (key: string) => Promise<Uint8Array | undefined>
  /** All that lies in the store, visible or not: objects, temporary files, pending uploads. */
  readonly everything: () => Promise<readonly string[]>
  /** Downloads as anyone could; default: `fetch` of the link's address. Used when the store signs links itself. */
  readonly download?: (link: Link) => Promise<Uint8Array>
}

/** One thing that a connector must keep. */
export interface Check<S> {
  /** What is true when it passes. */
  readonly title: string
  readonly run: (subject: S) => Promise<void> | void
}
