import { basename } from 'node:path'
import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import type { LocalFile } from '@bulkhead/connector-sdk/local-files'
import { declaredColumns, resolveColumns } from './columns/resolve-columns.ts'
import { type Config, type Settings, settingsOf } from './config.ts'
import { failure } from './errors.ts'
import { createExtract } from './extract.ts'
import { findDocuments } from './input/documents.ts'
import { findFiles, openFolder } from './input/local-folder.ts'
import { watchFiles } from './input/unchanged.ts'
import { parseQuery, type Query } from './query.ts'
import { recordFormat } from './record-format.ts'

/** Opens the connection: checks its settings and its folder. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const settings = settingsOf(context.config)
  const { place } = settings
  const root = place.kind === 'folder' ? await openFolder(place.folder, context.baseFolder) : undefined
  return {
    check: () =>
      Promise.resolve(
        place.kind === 'folder'
          ? `The folder ${root} is there`
          : `Files are fetched from the connection ${place.connection} when a query needs them`,
      ),
    prepare: (read, signal) => prepare(context, settings, root, read, signal),
    async [Symbol.asyncDispose]() {},
  }
}

async function prepare(
  context: ConnectionContext<Config>,
  settings: Settings,
  root: string | undefined,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Extract> {
  signal.throwIfAborted()
  const query = parseQuery(read.query, read.parameters)
  const format = recordFormat(query, settings)
  const declared = declaredColumns(query)
  const files =
    root === undefined ? await fetched(context, settings, query, signal) : await local(root, query, signal)
  const watch = await watchFiles(files)
  const packing = { compression: query.compression, entries: query.entries }
  const documents = await findDocuments(files, packing, settings, signal)
  const [first] = documents
  if (first === undefined)
    throw failure('file-records-not-found', 'There is nothing to read', { path: 'query.path' })
  // The first file is opened twice: its columns have to be known before anyone reads.
  const opened = await format.open(first, signal)
  try {
    const { header } = opened
    return createExtract({
      documents,
      format,
      resolved: resolveColumns(query, declared, header, first.name),
      header,
      watch,
      // Files here are proved to be unchanged; those of other connections were fetched one after the other.
      consistency: root === undefined ? 'none' : 'snapshot',
      budgetMs: context.limits.queryTimeoutMs,
      bounds: read,
    })
  } finally {
    await opened.close()
  }
}

function local(root: string, { path, fetch }: Query, signal: AbortSignal): Promise<readonly LocalFile[]> {
  if (path === undefined || fetch !== undefined) {
    throw failure(
      'file-records-query-invalid',
      'A connection with a folder needs a path, and fetches nothing',
      {
        path: path === undefined ? 'query.path' : 'query.fetch',
      },
    )
  }
  return findFiles(root, typeof path === 'string' ? [path] : path, signal)
}

async function fetched(
  context: ConnectionContext<Config>,
  { place }: Settings,
  { path, fetch }: Query,
  signal: AbortSignal,
): Promise<readonly LocalFile[]> {
  if (place.kind !== 'connection') throw new Error('There is no connection to fetch from')
  if (fetch === undefined || path !== undefined) {
    throw failure(
      'file-records-query-invalid',
      `The files come from the connection ${place.connection}: the query needs \`fetch\`, and no path`,
      { path: fetch === undefined ? 'query.fetch' : 'query.path' },
    )
  }
  const paths = await context.fetchFiles(place.connection, fetch, signal)
  if (paths.length === 0) {
    throw failure('file-records-not-found', `${place.connection} has no such files`, { path: 'query.fetch' })
  }
  return paths.map((local) => ({ name: basename(local), path: local }))
}
