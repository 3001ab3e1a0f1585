/**
 * The promise between Bulkhead and its connectors. A connector is a package that exports
 * `defineConnector({...})` by default and carries a generated `connector.json`; it imports this
 * package and its vendor's client, nothing else of Bulkhead.
 *
 * Terminology: a **source** is read by a query, a **store** holds result files. A **connection** is
 * a connector with its settings. A **batch** is what moves at once, in one of three forms.
 */
export * from './application-code.ts'
export * from './batch.ts'
export * from './column-buffer.ts'
export * from './connector-errors.ts'
export * from './connector.ts'
export * from './content-disposition.ts'
export * from './context.ts'
export * from './duration.ts'
export * from './errors.ts'
export * from './float-text.ts'
export * from './format.ts'
export * from './glob.ts'
export * from './near-names.ts'
export * from './object-parameters.ts'
export * from './size.ts'
export * from './source.ts'
export * from './sql-parameters.ts'
export * from './store.ts'
export * from './system-type.ts'
export * from './types.ts'
export * from './unless-aborted.ts'
export * from './validity.ts'
export { z } from './schema.ts'
