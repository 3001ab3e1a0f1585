import type { PlatformSpec } from '@bulkhead/contract'
import { putCopy } from './copy/put-copy.ts'
import { readCopy } from './copy/read-copy.ts'
import { type RepositoryPlace, sqlitePath } from './repository-place.ts'
import { connectionSettings } from './postgres/connection-settings.ts'
import { restorePostgres } from './postgres/copy-postgres.ts'
import { openDatabase } from './sqlite/open-database.ts'

/**
 * Fills an empty repository from a backup of either kind (P9). All servers are stopped meanwhile.
 *
 * What happened after the backup was taken is not known afterwards: a request of that time that comes again, for instance
 * because its topic is read again, is run again; a run that was not over then is begun again; a message that was due
 * then is sent again, under its same id.
 *
 * @returns how many rows, by table
 * @throws BulkheadError `repository-not-empty`, `backup-unreadable`, and what `openRepository` throws
 */
export async function restoreRepository(
  spec: PlatformSpec['repository'],
  { stateFolder, environment }: RepositoryPlace,
  backup: string,
): Promise<Readonly<Record<string, number>>> {
  const copy = await readCopy(backup)
  if ('postgres' in spec) {
    const settings = await connectionSettings(spec.postgres, environment)
    return await restorePostgres(settings, spec.postgres.schema, (db) => putCopy(db, copy))
  }
  // an open transaction is undone when it is closed
  using open = await openDatabase(sqlitePath(spec.sqlite, stateFolder))
  open.database.exec('BEGIN IMMEDIATE')
  const counts = await putCopy(open.db, copy)
  open.database.exec('COMMIT')
  return counts
}
