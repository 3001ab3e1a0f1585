import type { ConnectorManifest } from '@bulkhead/connector-sdk'

/** The connectors that are installed, known by their `connector.json` alone: nothing here loads one. */
export interface Catalog {
  /**
   * The newest installed version that fits.
   * @param reference  `postgres`, `postgres@^1`, `postgres@1.4.2`
   * @throws BulkheadError `connector-unknown`, naming what is installed and the nearest name
   */
  resolve(reference: string, path?: string): ConnectorEntry
  list(): readonly ConnectorEntry[]
  /** Folders that look like a connector and cannot be used, each with its reason: they fail alone. */
  readonly broken: readonly { readonly folder: string; readonly reason: string }[]
}

export interface ConnectorEntry {
  readonly name: string
  readonly version: string
  /** Absolute folder of its package. */
  readonly folder: string
  /** `sha256-…` over the files of the package that decide its behaviour. */
  integrity(): string
  readonly manifest: ConnectorManifest
}
