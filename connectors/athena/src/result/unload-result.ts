import { randomUUID } from 'node:crypto'
import type { BytesBatch, ReadRequest } from '@bulkhead/connector-sdk'
import type { Connection } from '../connection.ts'
import { athenaError } from '../errors.ts'
import { runQuery } from '../execution/run-query.ts'
import { unloadStatement } from '../query/unload-statement.ts'
import type { Statement } from '../query/statement.ts'
import { readObject } from './read-object.ts'
import type { Result } from './result.ts'

/** Largest list of files, bytes: far more than Athena writes. */
const maxManifest = 16 * 1024 * 1024

/**
 * Runs the query as UNLOAD: Athena writes its result as files, which are copied as they are.
 * @throws BulkheadError `athena-nothing-unloaded` when the query has no rows, beside what `runQuery` throws
 */
export async function unloadResult(
  connection: Connection,
  statement: Statement,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Result> {
  const { unload } = connection.config
  if (read.output.format !== 'binary') throw new TypeError(`Athena writes no ${read.output.format}`)
  if (unload === undefined)
    throw athenaError('athena-settings-invalid', 'Output as `binary` needs the setting `unload`', {
      path: 'config.unload',
      fix: 'Set `unload.location`, where Athena may write files, or choose another format',
    })
  const { location, format, compression } = unload
  // Athena writes into an empty folder only
  const folder = `${location.replace(/\/$/, '')}/${randomUUID()}/`
  const query = await runQuery(
    connection,
    unloadStatement(statement, { folder, format, compression }),
    signal,
  )
  const files = await filesOf(connection, query.manifest, folder, signal)
  if (files.length === 0)
    throw athenaError('athena-nothing-unloaded', 'The query has no rows, so UNLOAD wrote no file', {
      path: 'query',
    })
  const ending = `.${format.toLowerCase()}`
  return {
    fields: [],
    async *batches(stop): AsyncGenerator<BytesBatch> {
      for (const name of files) {
        const file = name.includes('.') ? name : name + ending
        let empty = true
        for await (const chunk of readObject(connection, folder + name, stop)) {
          for (let start = 0; start < chunk.length; start += read.batchBytes) {
            empty = false
            yield { form: 'bytes', bytes: chunk.subarray(start, start + read.batchBytes), rows: null, file }
          }
        }
        if (empty) yield { form: 'bytes', bytes: new Uint8Array(), rows: null, file }
      }
    },
  }
}

/** Names of the files that Athena says it wrote, in order: a listing could show those of a failed attempt too. */
async function filesOf(
  connection: Connection,
  manifest: string | undefined,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (manifest === undefined) throw athenaError('athena-protocol', 'Athena does not say which files it wrote')
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of readObject(connection, manifest, signal)) {
    bytes += chunk.length
    if (bytes > maxManifest) throw athenaError('athena-protocol', 'The list of files in S3 is too long')
    chunks.push(chunk)
  }
  const lines = Buffer.concat(chunks).toString('utf8').split(/\r?\n/)
  const names = lines
    .map((line) => line.replace(/^"(.*)"$/, '$1'))
    .filter((line) => line !== '')
    .map((line) => (line.startsWith(folder) ? line.slice(folder.length) : ''))
  if (names.some((name) => !/^[\w.=-]+$/.test(name)))
    throw athenaError('athena-protocol', 'Athena wrote files elsewhere than it was told to')
  return names.toSorted()
}
