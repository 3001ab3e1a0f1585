/** A database of its own for a test, on a real MariaDB or MySQL server. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestMysqlDatabase {
  /** Everything below as one URL. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly database: string
  /** Has all rights, to make users and other databases too. */
  readonly user: string
  readonly password: string
}

/** How long connections may take to end after the test; longer means that the test leaks them. */
const letGoMs = 5_000

/**
 * Makes an empty database in utf8mb4, and drops it when the scope is over.
 *
 * A connection to it that is still open some seconds after the scope fails the file: whatever opened it
 * would leak in production too.
 */
export async function createDatabase(scope: Scope): Promise<TestMysqlDatabase> {
  const database = `bulkhead_test_${process.pid}_${randomBytes(4).toString('hex')}`
  await execute(adminUrl(), `CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`)
  afterwards(scope, () => dropDatabase(database))
  const url = adminUrl()
  url.pathname = `/${database}`
  return {
    url: url.href,
    host: url.hostname,
    port: url.port === '' ? 3306 : Number(url.port),
    database,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}

/**
 * Runs one statement on a connection of its own and resolves to its rows, none for a statement without.
 *
 * @param values  for its `?`
 */
export async function execute(
  target: TestMysqlDatabase | URL,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> {
  const uri = target instanceof URL ? target.href : target.url
  const connection = await createConnection({ uri, supportBigNumbers: true, bigNumberStrings: true })
  try {
    const [rows] = await connection.query(sql, [...values])
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  } finally {
    await connection.end()
  }
}

/** Makes a user with rights in the database only, and drops it when the scope is over. */
export async function createUser(
  scope: Scope,
  { database }: TestMysqlDatabase,
  rights = 'ALL PRIVILEGES',
): Promise<{ readonly user: string; readonly password: string }> {
  const user = `bulkhead_test_${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('base64url')
  await execute(adminUrl(), `CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`)
  afterwards(scope, () => execute(adminUrl(), `DROP USER ${user}@'%'`).then(() => undefined))
  await execute(adminUrl(), `GRANT ${rights} ON ${database}.* TO ${user}@'%'`)
  return { user, password }
}

function adminUrl(): URL {
  return new URL(serverVariable('mysql'))
}

async function dropDatabase(database: string): Promise<void> {
  const deadline = performance.now() + letGoMs
  let open = await connections(database)
  while (open.length > 0 && performance.now() < deadline) {
    await sleep(25)
    open = await connections(database)
  }
  for (const { id } of open) await execute(adminUrl(), `KILL ${id}`).catch(() => []) // it may just have ended
  await execute(adminUrl(), `DROP DATABASE IF EXISTS ${database}`)
  if (open.length > 0) {
    const statements = open.map(({ statement }) => statement).join('; ')
    throw new Error(`The test left ${open.length} connections to its database open: ${statements}`)
  }
}

async function connections(
  database: string,
): Promise<readonly { readonly id: string; readonly statement: string }[]> {
  const rows = await execute(
    adminUrl(),
    `SELECT id AS id, CONCAT(command, ': ', COALESCE(info, '')) AS statement
     FROM information_schema.processlist WHERE db = ?`,
    [database],
  )
  return rows.map(({ id, statement }) => ({ id: String(id), statement: String(statement) }))
}
