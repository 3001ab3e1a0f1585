import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fault, type PlatformSpec } from '@bulkhead/contract'
import { connectionSettings } from './postgres/connection-settings.ts'
import { backUpPostgres } from './postgres/copy-postgres.ts'
import { type RepositoryPlace, sqlitePath } from './repository-place.ts'

/**
 * Writes a whole copy of a repository as it is at one moment, while servers use it (P9): a database file of SQLite, JSON
 * Lines of PostgreSQL. `restoreRepository` takes either.
 *
 * @throws BulkheadError `repository-unusable`, `repository-unavailable`
 */
export async function backUpRepository(
  spec: PlatformSpec['repository'],
  { stateFolder, environment }: RepositoryPlace,
  to: string,
): Promise<void> {
  if ('sqlite' in spec) backUpFile(sqlitePath(spec.sqlite, stateFolder), to)
  else await backUpPostgres(await connectionSettings(spec.postgres, environment), spec.postgres.schema, to)
}

/** Reads beside the server that writes: neither waits for the other. */
function backUpFile(path: string, to: string): void {
  const part = `${to}.part`
  try {
    statSync(path) // it would be made
    using database = new DatabaseSync(path, { readOnly: true })
    rmSync(part, { force: true })
    // it holds what the repository holds: for its owner alone
    writeFileSync(part, '', { mode: 0o600 })
    database.prepare('VACUUM INTO ?').run(part)
    renameSync(part, to)
  } catch (cause) {
    rmSync(part, { force: true })
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw fault('repository-unusable', `The repository ${path} cannot be copied: ${reason}`, { cause })
  }
}
