import { open, type FileHandle } from 'node:fs/promises'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultCsv } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { PlannedSource } from '../plan/plan.ts'
import { type ConnectionServices, openExtract } from './open-connection.ts'
import { iterateUntilStopped } from './stop.ts'
import type { TemporaryFolder } from './temporary-folder.ts'

/** How much of a file is held at once while it is fetched (I8). */
const pieceBytes = 1024 * 1024

/**
 * Copies files of another connection of the application into the run's temporary folder, for a
 * connector that works on local files.
 *
 * @returns local paths, in the order of the other connector. Each file has a folder of its own, so that
 *          equal names do not meet and endings stay
 * @throws BulkheadError `connection-unknown`, `temporary-space-exhausted`, and what the connector throws
 */
export async function fetchFiles(
  connection: string,
  query: unknown,
  signal: AbortSignal,
  run: {
    readonly source: PlannedSource
    readonly temporary: TemporaryFolder
    readonly services: ConnectionServices
  },
): Promise<readonly string[]> {
  const planned = run.source.reachable[connection]
  if (planned === undefined)
    throw fault(
      'connection-unknown',
      `The connection "${connection}" cannot be reached from "${run.source.name}"`,
      {
        path: run.source.path,
      },
    )
  await using extract = await openExtract(
    planned,
    {
      query,
      parameters: {},
      form: 'bytes',
      output: { format: 'binary', csv: defaultCsv },
      maxRows: undefined,
      batchRows: Number.MAX_SAFE_INTEGER,
      batchBytes: pieceBytes,
    },
    { ...run.services, signal },
  )
  const folder = join(await run.temporary.path(), 'fetched')
  const paths: string[] = []
  let name: string | undefined
  let file: FileHandle | undefined
  try {
    for await (const batch of iterateUntilStopped(extract.read(signal), signal)) {
      if (batch.form !== 'bytes') throw new Error(`"${connection}" gave ${batch.form} for bytes`)
      if (file === undefined || batch.file !== name) {
        await file?.close()
        name = batch.file
        const path = join(folder, connection, String(paths.length), localName(name))
        await mkdir(join(path, '..'), { recursive: true })
        file = await open(path, 'wx', 0o600)
        paths.push(path)
      }
      run.temporary.reserve(batch.bytes.length)
      await file.writeFile(batch.bytes)
    }
  } finally {
    await file?.close()
  }
  return paths
}

/** The last part of a name, as far as it is safe: its endings tell the reader what the file is. */
function localName(name: string | undefined): string {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? ''
  const safe = last
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .slice(-100)
    .replace(/^\.+/, '')
  return safe === '' ? 'file' : safe
}
