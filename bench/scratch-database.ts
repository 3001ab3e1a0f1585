/** A database and a folder for measurements, on the servers of the tests, and gone after them. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startServices } from '../scripts/services/start.ts'

export interface ScratchDatabase extends AsyncDisposable {
  readonly url: string
  /** With `psql` in PATH. */
  readonly environment: NodeJS.ProcessEnv
  /** For files. */
  readonly folder: string
  /** Runs statements, one at a time. */
  execute(statements: readonly string[]): Promise<void>
}

/**
 * Starts PostgreSQL, unless `BULKHEAD_TEST_POSTGRES` says where one runs.
 *
 * @throws Error where there is no PostgreSQL on this machine
 */
export async function openScratchDatabase(): Promise<ScratchDatabase> {
  await using opened = new AsyncDisposableStack()
  const services = opened.use(await startServices(['postgres']))
  const environment: NodeJS.ProcessEnv = { ...process.env, ...services.environment }
  const admin = environment['BULKHEAD_TEST_POSTGRES']
  if (admin === undefined)
    throw new Error(
      `There is nothing to measure: ${services.missing['postgres'] ?? services.failed['postgres']}`,
    )

  const name = `bulkhead_bench_${process.pid}`
  await execute(admin, [`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`])
  opened.defer(() => execute(admin, [`DROP DATABASE ${name} WITH (FORCE)`]))
  const folder = join(services.folder, 'measured') // gone with the servers, also when this process is killed
  await mkdir(folder)

  const url = new URL(admin)
  url.pathname = `/${name}`
  const kept = opened.move()
  return {
    url: url.href,
    environment,
    folder,
    execute: (statements) => execute(url.href, statements),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function execute(database: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
