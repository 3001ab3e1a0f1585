/** A database of its own for a test, on a real PostgreSQL server. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestDatabase {
  /** Everything below as one URL. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly database: string
  /** A superuser, who may make roles and other databases. */
  readonly user: string
  /** Undefined on a server that trusts this user, as the tests' own does. */
  readonly password: string | undefined
}

/** How long connections may take to end after the test; longer means that the test leaks them. */
const letGoMs = 5_000

/** By database, what resolves when it is gone. */
const dropped = new Map<string, Promise<void>>()

/**
 * Makes an empty UTF-8 database, and drops it when the scope is over.
 *
 * A connection that is still open some seconds after the scope fails the file: whatever opened it
 * would leak in production too.
 */
export async function createDatabase(scope: Scope): Promise<TestDatabase> {
  const database = `bulkhead_test_${process.pid}_${randomBytes(4).toString('hex')}`
  await execute(
    adminUrl(),
    `CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  )
  afterwards(scope, () => {
    const drop = dropDatabase(database)
    dropped.set(database, drop)
    return drop
  })
  const url = adminUrl()
  url.pathname = `/${database}`
  return {
    url: url.href,
    host: url.hostname,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  }
}

/**
 * Runs statements on a connection of their own and resolves to the rows of the last one.
 *
 * @param values  only with a single statement
 */
export async function execute(
  target: TestDatabase | URL,
  sql: string,
  values?: readonly unknown[],
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: target instanceof URL ? target.href : target.url })
  await client.connect()
  try {
    const answer = await client.query(sql, values === undefined ? undefined : [...values])
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryResult<Record<string, unknown>>
    return last.rows
  } finally {
    await client.end()
  }
}

/** Roles of this group are asked for their password by the tests' own server (`pg_hba.conf`); it trusts all others. */
const passwordGroup = 'bulkhead_password'

/** Makes a role that logs in by password only (SCRAM), and drops it when the scope is over. */
export async function createRole(
  scope: Scope,
  database: TestDatabase,
): Promise<{ readonly user: string; readonly password: string }> {
  const user = `bulkhead_test_${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('base64url')
  await execute(
    database,
    `DO $$ BEGIN CREATE ROLE ${passwordGroup}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
     CREATE ROLE ${user} LOGIN PASSWORD '${password}' IN ROLE ${passwordGroup}`,
  )
  afterwards(scope, async () => {
    await dropped.get(database.database) // with all that the role owns in it
    await execute(adminUrl(), `DROP ROLE ${user}`)
  })
  return { user, password }
}

function adminUrl(): URL {
  return new URL(serverVariable('postgres'))
}

async function dropDatabase(database: string): Promise<void> {
  const deadline = performance.now() + letGoMs
  let open = await connections(database)
  while (open.length > 0 && performance.now() < deadline) {
    await sleep(25)
    open = await connections(database)
  }
  await execute(adminUrl(), `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  if (open.length > 0) {
    throw new Error(`The test left ${open.length} connections to its database open: ${open.join('; ')}`)
  }
}

async function connections(database: string): Promise<readonly string[]> {
  const rows = await execute(
    adminUrl(),
    `SELECT application_name, state, query FROM pg_stat_activity
     WHERE datname = $1 AND backend_type = 'client backend'`,
    [database],
  )
  return rows.map(
    (row) => `${String(row['application_name'])} (${String(row['state'])}): ${String(row['query'])}`,
  )
}
