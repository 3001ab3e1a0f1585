import type { MapContext, Row } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { loadCode } from './load-code.ts'

/** The code of a `map` step: its default export, and the columns that it declares, if it does. */
export interface LoadedMap {
  readonly map: (row: Row, context: MapContext) => unknown
  readonly fields: unknown
}

/**
 * Imports a mapping file of an application.
 *
 * @param file  as the manifest has it, relative to the folder
 * @param path  where it stands in the manifest, for errors
 * @throws BulkheadError `map-invalid`, `file-outside-application`, `file-not-found`
 */
export async function loadMap(folder: string, file: string, path: string): Promise<LoadedMap> {
  const module = await loadCode(folder, { file, path, code: 'map-invalid' })
  if (typeof module['default'] !== 'function')
    throw fault('map-invalid', `${file} has no function as its default export`, { path })
  return { map: module['default'] as LoadedMap['map'], fields: module['fields'] }
}
