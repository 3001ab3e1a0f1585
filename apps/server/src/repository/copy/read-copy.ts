import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fault } from '@bulkhead/contract'
import { copiedTables } from './copied-tables.ts'
import type { CopyEnd, CopyHead, CopyRow } from './write-copy.ts'

export interface Copy {
  /** Steps that its tables have been through. */
  readonly migrations: readonly string[]
  /** To be read once, to its end: only then is it known that it was whole. */
  readonly rows: AsyncIterable<CopyRow>
}

/** @see https://sqlite.org/fileformat.html#magic_header_string */
const sqliteMagic = 'SQLite format 3\0'

/**
 * Opens what `backup` of either home wrote: a file of SQLite, or JSON Lines.
 *
 * @throws BulkheadError `backup-unreadable`, also while its rows are read
 */
export async function readCopy(path: string): Promise<Copy> {
  return (await beginningOf(path)) === sqliteMagic ? copyInSqlite(path) : await copyInLines(path)
}

async function beginningOf(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sqliteMagic.length), 0, sqliteMagic.length, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } catch (cause) {
    throw unreadable(path, (cause as NodeJS.ErrnoException).code ?? 'unknown fault', cause)
  }
}

function copyInSqlite(path: string): Copy {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const migrations = database.prepare('SELECT name FROM migrations ORDER BY name').all()
    return { migrations: migrations.map(({ name }) => String(name)), rows: rowsOf() }
  } catch (cause) {
    database.close()
    throw unreadable(path, 'it is a database of something else', cause)
  }

  async function* rowsOf(): AsyncGenerator<CopyRow> {
    try {
      for (const { table } of copiedTables)
        for (const row of database.prepare(`SELECT * FROM ${table}`).iterate()) yield { table, row }
    } finally {
      database.close()
    }
  }
}

async function copyInLines(path: string): Promise<Copy> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })[
    Symbol.asyncIterator
  ]()
  const first = await lines.next()
  const head = first.done === true ? undefined : parsed<CopyHead>(first.value)
  if (head?.bulkheadRepository !== 1 || !Array.isArray(head.migrations))
    throw unreadable(path, 'it is no backup of a repository')
  return { migrations: head.migrations, rows: rowsOf() }

  async function* rowsOf(): AsyncGenerator<CopyRow> {
    let rows = 0
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const value = parsed<CopyRow | CopyEnd>(line.value)
      if (value === undefined) break
      if ('end' in value) {
        if (value.rows !== rows) break
        return
      }
      rows += 1
      yield value
    }
    throw unreadable(path, `it is cut after ${rows} rows`)
  }
}

function parsed<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T
  } catch {
    return undefined
  }
}

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return fault('backup-unreadable', `The backup ${path} cannot be read: ${reason}`, { cause })
}
