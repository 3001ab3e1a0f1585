import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { Kysely } from 'kysely'
import { fixedConnection } from '../fixed-connection.ts'
import { migrate } from '../migrate.ts'
import type { Tables } from '../tables.ts'
import { noteOwner, ownerOf } from './owner.ts'
import { sqliteConnection } from './sqlite-connection.ts'
import { sqliteColumns, sqliteDialect } from './sqlite-traits.ts'

/** How long a server waits for one that is just ending. */
const busyMs = 2_000

export interface OpenDatabase {
  readonly database: DatabaseSync
  readonly db: Kysely<Tables>
}

/**
 * Opens the file for this process alone, and brings its tables up to date.
 *
 * WAL with `synchronous=FULL`: a commit is on the disk before it is told. The lock is exclusive and the system's: it
 * ends with the process.
 *
 * @throws BulkheadError `repository-in-use` naming who has it; `repository-newer`; `repository-unusable`
 */
export async function openDatabase(path: string): Promise<OpenDatabase> {
  let database: DatabaseSync | undefined
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    database = new DatabaseSync(path, { timeout: busyMs })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    // whoever only reads would not have the lock yet
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    chmodSync(path, 0o600)
    noteOwner(path, Date.now())
    const db = new Kysely<Tables>({ dialect: fixedConnection(sqliteDialect, sqliteConnection(database)) })
    await migrate(db, sqliteColumns)
    return { database, db }
  } catch (error) {
    database?.close()
    throw isBulkheadError(error) ? error : unusable(path, error)
  }
}

function unusable(path: string, cause: unknown): Error {
  const { errcode, code } = cause as { readonly errcode?: number; readonly code?: string }
  // the low byte is the primary result code. @see https://sqlite.org/rescode.html
  const primary = errcode === undefined ? undefined : errcode & 0xff
  if (primary === 5 || primary === 6) {
    const owner = ownerOf(path) ?? 'another process'
    return fault('repository-in-use', `The repository ${path} is in use by ${owner}`, { cause })
  }
  const reason = cause instanceof Error ? cause.message : (code ?? 'unknown')
  return fault('repository-unusable', `The repository ${path} cannot be opened: ${reason}`, { cause })
}
