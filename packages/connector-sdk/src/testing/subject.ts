import type { ConnectorDefinition } from '../connector.ts'
import type { CsvOptions, OutputFormat } from '../format.ts'
import type { Link } from '../store.ts'
import type { ParameterValue } from '../source.ts'
import type { Field, LogicalType, Row, Value } from '../types.ts'
import type { SettingsRecord } from './settings-records.ts'
import type { TestContextOptions } from './test-context.ts'

/**
 * Stands in place of what a check needs, where a system has no such thing. The reason is a sentence for the
 * reader of the README: `It opens no connection`.
 */
export interface Cannot {
  readonly cannot: string
}

/** What every check needs of a connector. */
export interface Subject<Config> {
  readonly connector: ConnectorDefinition<Config>
  /** Settings that work, as a user writes them. */
  readonly config: unknown
  /** What else the connection gets: `baseFolder`, `fetchFiles`, limits. */
  readonly context?: Omit<TestContextOptions<Config>, 'config'>
  /** Settings with which connecting must fail; at least one. */
  readonly wrongConfigs: readonly WrongConfig[]
  /** What the checks run against, with its version: `PostgreSQL 15.14`. Default: what a check answers. */
  readonly system?: string | (() => Promise<string>)
  /** Settings with a secret that the system refuses, made from any text that the kit gives. */
  readonly wrongPassword?: Cannot | { readonly config: (password: string) => unknown; readonly code: string }
  /** Where the system listens, so that the kit can break the network in between. */
  readonly network?: Cannot | SubjectNetwork
  /** What settings earlier versions took, with what they meant: see `settingsRecords`. */
  readonly settings?: readonly SettingsRecord[]
}

export interface SubjectNetwork extends Address {
  /** Settings that work, for a system that is reached at another address: the one of the kit's proxy. */
  readonly at: (address: Address) => unknown
}

export interface Address {
  readonly host: string
  readonly port: number
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
  /** Every type of the system, with its extremes: what it becomes, to the last digit. */
  readonly types?: Cannot | readonly TypeCase[]
  /** A result whose data can be changed while it is read; needed when the connector declares `snapshot`. */
  readonly changing?: Cannot | ChangingCase
  /** Every place of a query that takes a text by a parameter; at least one. */
  readonly textParameters?: Cannot | readonly TextParameterCase[]
  /** Whether the system still works on `slow`, asked of the system itself. */
  readonly atWork?: Cannot | (() => Promise<boolean>)
}

/** A result of one column and its values, in order. */
export interface TypeCase extends Query {
  /** The system's own name of the type: `numeric(9,2)`. */
  readonly type: string
  readonly becomes: LogicalType
  readonly values: readonly Value[]
}

/** At least 1000 rows. */
export interface ChangingCase extends Query {
  /** Changes what the query would yield, and is done when everyone can see it. Called once for each form. */
  readonly change: () => Promise<void>
}

/**
 * A query with a text in one of its parameters, which finds something. The kit puts hostile texts in its place: each
 * finds nothing, or is refused.
 */
export interface TextParameterCase extends Query {
  /** The place: `a field of a filter`. */
  readonly title: string
  /** One of them is a text, or a list of one text; the others stay. */
  readonly parameters: Readonly<Record<string, ParameterValue>>
  /**
   * Of a query that yields the text again, in one row: where it stands there. Each text comes back to the last
   * character, or is refused. The strongest form; also of a query that finds by the text what a test stored under each
   * of `hostileTexts`.
   */
  readonly echo?: (row: Readonly<Record<string, unknown>>) => unknown
  /** The place takes patterns, as its documentation says: those that fit everything are not put in. */
  readonly takesPatterns?: true
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
  /** Why it is not made of this subject; undefined when it is. See `reasonOf`. */
  readonly leftOut?: (subject: S) => string | undefined
  readonly run: (subject: S) => Promise<void> | void
}

const NOT_GIVEN = 'The test gives no'

/** The reason why a check cannot be made: what it needs is not there, or the subject says why it cannot be. */
export function reasonOf(name: string, means: unknown): string | undefined {
  if (means === undefined) return `${NOT_GIVEN} \`${name}\`, and does not say why it cannot`
  return isCannot(means) ? means.cannot : undefined
}

/** Whether nobody said why: a test file that is older than the check. */
export function isUnexplained(reason: string): boolean {
  return reason.startsWith(NOT_GIVEN) || reason.trim() === ''
}

/** What a check needs, once `leftOut` found it there. */
export function given<T>(name: string, means: T | Cannot | undefined): T {
  if (means === undefined || isCannot(means)) throw new Error(`The check needs \`${name}\``)
  return means
}

function isCannot(means: unknown): means is Cannot {
  return typeof means === 'object' && means !== null && 'cannot' in means
}
