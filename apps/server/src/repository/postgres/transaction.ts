import { fixedConnection } from '../fixed-connection.ts'
import { Kysely } from 'kysely'
import type { ClientBase, QueryResult } from 'pg'
import type { Operation } from '../operation.ts'
import { type OperationName, operations } from '../operations/operations.ts'
import type { Change } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { postgresConnection } from './postgres-connection.ts'
import { failureOf } from './postgres-fault.ts'
import { postgresDialect, postgresTraits } from './postgres-traits.ts'

/** Operations that write nothing: they take no transaction id. */
const readOnly: ReadonlySet<OperationName> = new Set<OperationName>([
  'queued',
  'waiting',
  'run',
  'runs',
  'events',
  'log',
  'messages',
  'outbox',
  'lastFired',
  'tokenByHash',
  'tokens',
  'applicationHeads',
  'revisions',
  'revisionBundle',
])

const clock = `(extract(epoch from clock_timestamp()) * 1000)::bigint AS now`

export interface Done {
  readonly result: unknown
  readonly changes: ReadonlySet<Change>
}

/** Nobody heard whether it was committed; the database knows, by the id of the transaction. */
export class InDoubt extends Error {
  readonly transaction: string
  readonly done: Done

  constructor(transaction: string, done: Done, cause: unknown) {
    super('The answer to a commit was lost', { cause })
    this.transaction = transaction
    this.done = done
  }
}

const databases = new WeakMap<ClientBase, Kysely<Tables>>()

export function databaseOf(client: ClientBase): Kysely<Tables> {
  const known = databases.get(client)
  if (known !== undefined) return known
  const db = new Kysely<Tables>({ dialect: fixedConnection(postgresDialect, postgresConnection(client)) })
  databases.set(client, db)
  return db
}

/**
 * One call as one transaction, by the clock of the database, which all servers share.
 *
 * @param nowMs  instead of that clock, for tests
 * @throws InDoubt  when the connection broke at the commit
 */
export async function inTransaction(
  client: ClientBase,
  name: OperationName,
  args: unknown,
  nowMs: number | undefined,
): Promise<Done> {
  const reads = readOnly.has(name)
  // one round trip: `pg` answers several statements with a list
  const begun = (await client.query(
    reads
      ? `BEGIN READ ONLY; SELECT ${clock}`
      : `BEGIN; SELECT ${clock}, pg_current_xact_id()::text AS transaction`,
  )) as unknown as readonly QueryResult<{ now: number; transaction?: string }>[]
  const first = begun.at(-1)?.rows[0]
  if (first === undefined) throw new Error('PostgreSQL did not tell its clock')
  const changes = new Set<Change>()
  const scope = {
    db: databaseOf(client),
    nowMs: nowMs ?? first.now,
    traits: postgresTraits,
    changed: (change: Change) => void changes.add(change),
  }
  const operation = operations[name] as unknown as Operation<unknown, unknown>
  let result: unknown
  try {
    result = await operation(scope, args)
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  const done = { result, changes }
  try {
    await client.query('COMMIT')
  } catch (error) {
    if (first.transaction === undefined || failureOf(error) !== 'reconnect') throw error
    throw new InDoubt(first.transaction, done, error)
  }
  return done
}

/** @returns undefined while it is not decided */
export async function wasCommitted(client: ClientBase, transaction: string): Promise<boolean | undefined> {
  const { rows } = await client.query<{ status: string | null }>(
    'SELECT pg_xact_status($1::text::xid8) AS status',
    [transaction],
  )
  const status = rows[0]?.status
  return status === 'in progress' ? undefined : status === 'committed'
}
