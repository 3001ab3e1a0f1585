import type { DatabaseSync } from 'node:sqlite'
import { fault } from '@bulkhead/contract'
import type { Kysely } from 'kysely'
import type { Operation } from '../operation.ts'
import { type OperationName, operations } from '../operations/operations.ts'
import type { Change } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { type Answer, sentError, toldWhenAsked } from './messages.ts'
import { sqliteTraits } from './sqlite-traits.ts'

export interface Call {
  readonly call: number
  readonly name: OperationName
  readonly args: unknown
  readonly nowMs: number
}

export interface Committed {
  readonly answers: readonly Answer[]
  readonly changes: ReadonlySet<Change>
}

/**
 * Carries out calls in one transaction, each in a savepoint of its own: one that fails takes nothing of the others
 * with it, and all share one sync to the disk. Their answers are true when this resolves.
 */
export async function commitGroup(
  database: DatabaseSync,
  db: Kysely<Tables>,
  calls: readonly Call[],
): Promise<Committed> {
  const answers: Answer[] = []
  const changes = new Set<Change>()
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const call of calls) answers.push(await inSavepoint(database, db, call, changes))
    database.exec('COMMIT')
    return { answers, changes }
  } catch (error) {
    // a full disk, a broken file: nothing of the group happened
    if (database.isTransaction) database.exec('ROLLBACK')
    const sent = sentError(writeFault(error))
    return { answers: calls.map(({ call }) => ({ call, error: sent })), changes: new Set() }
  }
}

async function inSavepoint(
  database: DatabaseSync,
  db: Kysely<Tables>,
  { call, name, args, nowMs }: Call,
  changes: Set<Change>,
): Promise<Answer> {
  const own = new Set<Change>()
  const operation = operations[name] as unknown as Operation<unknown, unknown>
  database.exec('SAVEPOINT one_call')
  try {
    const result = await operation(
      { db, nowMs, traits: sqliteTraits, changed: (change) => own.add(change) },
      args,
    )
    database.exec('RELEASE one_call')
    for (const change of own) if (!toldWhenAsked[name]?.includes(change)) changes.add(change)
    return { call, result }
  } catch (error) {
    // SQLite rolls the whole transaction back when it cannot write
    if (!database.isTransaction) throw error
    database.exec('ROLLBACK TO one_call; RELEASE one_call')
    return { call, error: sentError(error) }
  }
}

function writeFault(error: unknown): unknown {
  const { errcode } = error as { readonly errcode?: number }
  if (errcode === undefined) return error
  // @see https://sqlite.org/rescode.html#full
  if ((errcode & 0xff) === 13)
    return fault('disk-full', 'The disk of the repository is full', { cause: error })
  return fault('repository-unavailable', `The repository cannot be written: ${(error as Error).message}`, {
    cause: error,
  })
}
