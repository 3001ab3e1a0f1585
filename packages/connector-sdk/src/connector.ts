import type { z } from './schema.ts'
import type { Form } from './batch.ts'
import type { OutputFormat } from './format.ts'
import type { SourceRole } from './source.ts'
import type { StoreRole } from './store.ts'
import type { SystemType } from './system-type.ts'

/** The major version of the contract in this package. A host refuses a connector of another one by name. */
export const SDK_VERSION = 1

/**
 * What a connector can do, as data: copied into `connector.json`, read by the planner without
 * loading the connector, and proved by the contract test kit.
 */
export interface SourceCapabilities {
  /** Forms it yields, best first. */
  readonly forms: readonly Form[]
  /** Output formats that it encodes by itself in form `bytes`, and which of their options it honours. */
  readonly encodes: Partial<Record<OutputFormat, EncodeCapability>>
  /**
   * Reads one moment of the system while others write; `sql` or `object`: by queries of this kind alone. Nothing is
   * promised where settings name other connections, whose files are fetched one after the other.
   */
  readonly snapshot: boolean | 'sql' | 'object'
  /** The same read yields the same rows again, when nobody wrote. */
  readonly replayable: boolean
  /** How far it can make sure that a query does not write. */
  readonly readOnly: 'enforced' | 'by-rights'
  /** `sql`: text with `:name` parameters; `object`: an object with `{ "$param": name }`; `either`: as the query is. */
  readonly query: 'sql' | 'object' | 'either'
  /** Honours `ReadRequest.maxRows` by itself, before the rows leave the system. */
  readonly limitsRows: boolean
}

/** Options of a format that the source honours when it encodes; what is not listed makes the planner leave the form `bytes`. */
export interface EncodeCapability {
  /** Names of `CsvOptions` that may differ from the default; `header` is always the engine's. */
  readonly options: readonly string[]
}

export interface StoreCapabilities {
  /** Several parts may be written at once. */
  readonly parallelParts: boolean
  /** Who signs links: the store itself, or the platform's file server. */
  readonly links: 'own' | 'platform'
}

/** A code that only this connector throws, for `connectors show` and the reference. */
export interface ConnectorError {
  readonly code: string
  readonly kind: string
  /** The system cannot be reached or asks for less: what circuit breakers count. */
  readonly ofConnection?: boolean
  /** When it happens. */
  readonly meaning: string
  readonly fix: string
}

export interface ConnectorDefinition<Config> {
  /** DNS-1123, the name in a manifest. */
  readonly name: string
  readonly sdk: typeof SDK_VERSION
  /** One sentence for `connectors list`. */
  readonly summary: string
  /**
   * The one definition of its settings. Every field has a description; secrets are marked by
   * `.meta({ secret: true })`, and must be text. A field that names another connection of the
   * application, for `fetchFiles`, is marked by `.meta({ connection: true })`: the planner lists them.
   */
  readonly config: z.ZodType<Config>
  /** Schema of `query` when it is an object, or of the text. */
  readonly query: z.ZodType
  readonly source?: SourceRole<Config> & { readonly capabilities: SourceCapabilities }
  readonly store?: StoreRole<Config> & { readonly capabilities: StoreCapabilities }
  /** What every type of the system becomes; a source of typed columns lists them, for the reference. */
  readonly types?: readonly SystemType[]
  readonly errors: readonly ConnectorError[]
}

/** Connectors export the result of this as their default export. */
export function defineConnector<Config>(
  definition: ConnectorDefinition<Config>,
): ConnectorDefinition<Config> {
  return definition
}

/** `connector.json`: what the platform knows of a connector without loading it. Generated, never edited. */
export interface ConnectorManifest {
  readonly name: string
  readonly version: string
  readonly sdk: number
  readonly summary: string
  /** JSON Schema 2020-12 of the settings; secrets carry `"secret": true`. */
  readonly config: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly source?: SourceCapabilities
  readonly store?: StoreCapabilities
  readonly types?: readonly SystemType[]
  readonly errors: readonly ConnectorError[]
}
