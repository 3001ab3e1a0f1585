import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { Kysely } from 'kysely'
import { fixedConnection } from '../fixed-connection.ts'
import { migrate } from '../migrate.ts'
import type { Tables } from '../tables.ts'
import { forgetOwner, noteOwner, ownerOf } from './owner.ts'
import { sqliteConnection } from './sqlite-connection.ts'
import { sqliteColumns, sqliteDialect } from './sqlite-traits.ts'

/** How long a server waits for one that is just ending. */
const busyMs = 2_000

export interface OpenDatabase extends Disposable {
  readonly database: DatabaseSync
  readonly db: Kysely<Tables>
}

/**
 * Opens the file to write to it, which one process does at a time, and brings its tables up to date.
 *
 * WAL with `synchronous=FULL`: a commit is on the disk before it is told. Others may read meanwhile, for a backup.
 *
 * @throws BulkheadError `repository-in-use` naming who has it; `repository-newer`; `repository-unusable`
 */
export async function openDatabase(path: string): Promise<OpenDatabase> {
  using opening = new DisposableStack()
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    opening.use(lock(path))
    noteOwner(path, Date.now())
    opening.defer(() => forgetOwner(path))
    const database = new DatabaseSync(path, { timeout: busyMs })
    opening.defer(() => database.close())
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    chmodSync(path, 0o600)
    const db = new Kysely<Tables>({ dialect: fixedConnection(sqliteDialect, sqliteConnection(database)) })
    await migrate(db, sqliteColumns)
    const all = opening.move()
    return { database, db, [Symbol.dispose]: () => all.dispose() }
  } catch (error) {
    throw isBulkheadError(error) ? error : unusable(path, error)
  }
}

/**
 * The lock of who writes: that of a database beside the file, which is locked for as long as it is open. The system
 * releases it when the process ends, however it ends. It is never removed: two could have one each then.
 */
function lock(path: string): Disposable {
  const locked = new DatabaseSync(`${path}.lock`, { timeout: busyMs })
  try {
    locked.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    locked.close()
    throw isBusy(error) ? inUse(path, error) : error
  }
  return { [Symbol.dispose]: () => locked.close() }
}

function unusable(path: string, cause: unknown): Error {
  if (isBusy(cause)) return inUse(path, cause)
  const reason = cause instanceof Error ? cause.message : 'unknown fault'
  return fault('repository-unusable', `The repository ${path} cannot be opened: ${reason}`, { cause })
}

/** The low byte is the primary result code. @see https://sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: number }
  return errcode !== undefined && ((errcode & 0xff) === 5 || (errcode & 0xff) === 6)
}

function inUse(path: string, cause: unknown): Error {
  const owner = ownerOf(path) ?? 'another process'
  return fault('repository-in-use', `The repository ${path} is in use by ${owner}`, { cause })
}
