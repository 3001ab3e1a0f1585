import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { filesBelow, json, startBulkhead, temporaryFolder } from './command.ts'
import { assertRefused, type Refusal } from './refusal.ts'
import {
  type ApplicationSpec,
  postgresConnection,
  s3Store,
  writeApplication,
} from '../support/application-folder.ts'
import { createDatabase, createRole, execute } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { contentsOf, createBucket } from '../support/s3.ts'

/** Every bad input that needs a real PostgreSQL or S3: as in bad-input.test.ts, and no upload is left begun. */

const scope = { after }
const world = (async () => {
  const database = await createDatabase(scope)
  await execute(database, 'CREATE TABLE invoice (id bigint PRIMARY KEY, amount numeric(12, 2))')
  await execute(database, 'INSERT INTO invoice SELECT g, g / 7.0 FROM generate_series(1, 1000) g')
  const bucket = await createBucket(scope)
  return { database, role: await createRole(scope, database), bucket }
})()
world.catch(() => undefined) // each test tells

type World = Awaited<typeof world>
type Config = Readonly<Record<string, unknown>>

interface BadServerInput extends Refusal {
  readonly title: string
  readonly query?: string
  /** Settings of the connection that differ. */
  readonly ledger?: (world: World) => Config
  /** Settings of the store that differ. */
  readonly exports?: (world: World) => Config
  readonly environment?: Readonly<Record<string, string>>
  readonly policy?: Config
  readonly connection?: Config
}

const many = 'SELECT g AS id, repeat(md5(g::text), 20) AS filler FROM generate_series(1, 200000) g'

const inputs: readonly BadServerInput[] = [
  {
    title: 'a wrong password',
    ledger: ({ role }) => ({ user: role.user, password: { secret: 'ledger' } }),
    environment: { BULKHEAD_SECRET__INVOICES__LEDGER: 'hunter2-hunter2' },
    code: 'postgres-password-refused',
    exit: 2,
    path: /^spec\.connections\.ledger\.config/,
  },
  {
    title: 'a password that is missing',
    ledger: ({ role }) => ({ user: role.user }),
    code: 'postgres-password-missing',
    exit: 2,
    path: /^spec\.connections\.ledger\.config/,
  },
  {
    title: 'a database that is not there',
    ledger: () => ({ database: 'no_such_database' }),
    code: 'postgres-database-unknown',
    exit: 2,
    path: /^spec\.connections\.ledger\.config/,
  },
  {
    title: 'an SQL error',
    query: 'SELECT FROM WHERE',
    code: 'postgres-query-invalid',
    exit: 2,
    path: 'spec.jobs.monthly.source.query',
  },
  {
    title: 'a table that is not there',
    query: 'SELECT * FROM invoices',
    code: 'postgres-query-invalid',
    exit: 2,
    path: 'spec.jobs.monthly.source.query',
  },
  {
    title: 'a query that writes',
    query: 'WITH gone AS (DELETE FROM invoice RETURNING *) SELECT * FROM gone',
    code: 'postgres-write-refused',
    exit: 2,
    path: 'spec.jobs.monthly.source.query',
  },
  {
    title: 'a query that fails in its middle',
    query: 'SELECT 1 / (50000 - g) AS x FROM generate_series(1, 100000) g',
    code: 'postgres-value-refused',
    exit: 2,
    path: 'spec.jobs.monthly.source.query',
  },
  {
    title: 'a bucket that is not there',
    exports: () => ({ bucket: 'bulkhead-no-such-bucket' }),
    code: 's3-bucket-not-found',
    exit: 2,
    path: 'spec.stores.exports.config.bucket',
  },
  {
    title: 'a bucket that is closed to this key',
    environment: { BULKHEAD_SECRET__INVOICES__EXPORTS: 'hunter2-hunter2' },
    code: 's3-credentials-refused',
    exit: 2,
    path: /^spec\.stores\.exports\.config/,
  },
  {
    title: 'a result with too many rows',
    query: many,
    policy: { limits: { rows: 100_000 } },
    code: 'result-too-large',
    exit: 2,
    path: 'spec.policy.limits.rows',
  },
  {
    title: 'a result with too many bytes',
    query: many,
    policy: { limits: { bytes: '20MiB' } },
    code: 'result-too-large',
    exit: 2,
    path: 'spec.policy.limits.bytes',
  },
  {
    title: 'a run that takes too long',
    query: 'SELECT g, pg_sleep(0.05) FROM generate_series(1, 10000) g',
    policy: { limits: { time: 'PT2S' } },
    code: 'run-too-long',
    exit: 2,
    path: 'spec.policy.limits.time',
  },
  {
    title: 'a query that takes too long',
    query: 'SELECT count(*) FROM generate_series(1, 1000000000) a',
    connection: { limits: { queryTimeout: 'PT1S' } },
    code: 'postgres-query-timeout',
    exit: 2,
    path: /./,
  },
]

/** An application over the test's servers, with what the input spoils. */
async function application(
  t: TestContext,
  input: Partial<BadServerInput>,
  more: Partial<ApplicationSpec> = {},
): Promise<string> {
  const servers = await world
  const ledger = postgresConnection(servers.database, input.ledger?.(servers)) as Config
  const exports = s3Store(servers.bucket, 'exports') as { readonly config: Config }
  return writeApplication(temporaryFolder(t), 'invoices', {
    connections: { ledger: { ...ledger, ...input.connection } },
    stores: {
      exports: { ...exports, config: { ...exports.config, prefix: 'results/', ...input.exports?.(servers) } },
    },
    jobs: {
      monthly: {
        source: { connection: 'ledger', query: input.query ?? 'SELECT * FROM invoice' },
        retry: { attempts: 1 },
      },
    },
    ...(input.policy !== undefined && { policy: input.policy }),
    ...more,
  })
}

async function environmentOf(input: Partial<BadServerInput>): Promise<Readonly<Record<string, string>>> {
  const { bucket } = await world
  return {
    BULKHEAD_ALLOW_LOOPBACK: '1',
    BULKHEAD_SECRET__INVOICES__EXPORTS: bucket.secretAccessKey,
    ...input.environment,
  }
}

const nothing = { objects: [], uploads: [] }

for (const input of inputs) {
  test(`${input.title} is refused with ${input.code}, and the bucket stays empty`, async (t) => {
    const folder = await application(t, input)
    await assertRefused(t, ['--application', folder], input, {
      folder,
      environment: await environmentOf(input),
      results: join(folder, 'results'),
      never: /hunter2/,
    })
    assert.deepEqual(await contentsOf((await world).bucket), nothing)
    await assertIdle()
  })
}

test('a store whose connection breaks while it is written to is an outage, and no upload is left', async (t) => {
  const { bucket } = await world
  const { hostname, port } = new URL(bucket.endpoint)
  const proxy = await startProxy(t, { host: hostname, port: Number(port) })
  const folder = await application(t, {
    query: many,
    exports: () => ({ endpoint: `http://${proxy.host}:${proxy.port}`, attempts: 2, requestTimeout: 'PT5S' }),
  })
  const refused = assertRefused(
    t,
    ['--application', folder],
    { code: 's3-unreachable', exit: 3, path: /./ },
    { folder, environment: await environmentOf({}), results: join(folder, 'results') },
  )
  while (proxy.bytesToServer < 20_000_000) await sleep(5)
  proxy.refuse(true)
  proxy.cut()
  await refused
  // What the store could not be told is removed by a later run, or by the bucket's own rule.
  assert.deepEqual((await contentsOf(bucket)).objects, [])
  proxy.refuse(false)
})

test('a database that goes away is an outage, and the bucket stays empty', async (t) => {
  const { database, bucket } = await world
  const proxy = await startProxy(t, { host: database.host, port: database.port })
  const before = await contentsOf(bucket)
  const folder = await application(t, { query: many, ledger: () => ({ host: proxy.host, port: proxy.port }) })
  proxy.cutAfter(30_000_000)
  const reply = await assertRefused(
    t,
    ['--application', folder],
    { code: 'postgres-connection-lost', exit: 3, path: undefined },
    { folder, environment: await environmentOf({}), results: join(folder, 'results') },
  )
  assert.equal(reply.data.error.retryable, true)
  assert.deepEqual(await contentsOf(bucket), before)
})

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)
  test(`${signal} ends a run within ten seconds: a reply, no object, no upload, no query that goes on`, async (t) => {
    const { bucket } = await world
    const before = await contentsOf(bucket)
    const folder = await application(t, { query: `${many}, pg_sleep(0)` })
    const temporary = temporaryFolder(t)
    const { child, ended } = startBulkhead(['run', '--application', folder], {
      environment: { ...(await environmentOf({})), TMPDIR: temporary },
    })
    await busy()
    const stoppedMs = Date.now()
    child.kill(signal)
    const end = await ended
    assert.ok(Date.now() - stoppedMs < 10_000)
    assert.equal(end.code, code, end.stderr)
    const { type, data } = json<{ type: string; data: { status: string; error: { code: string } } }>(end)
    assert.deepEqual(
      [type, data.status, data.error.code],
      ['dev.bulkhead.run.cancelled.v1', 'cancelled', 'cancelled'],
    )
    assert.deepEqual(await contentsOf(bucket), before)
    assert.deepEqual(filesBelow(temporary), [])
    await assertIdle()
  })

const sessions = `SELECT count(*)::int AS open FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`

/** The server works for nobody, soon: a query that nobody waits for was cancelled. */
async function assertIdle(): Promise<void> {
  const { database } = await world
  for (let tries = 0; tries < 100; tries++) {
    const [row] = await execute(database, sessions)
    if (row?.['open'] === 0) return
    await sleep(50)
  }
  assert.fail('a query goes on')
}

/** Until a run is at work. */
async function busy(): Promise<void> {
  const { database } = await world
  for (let tries = 0; tries < 200; tries++) {
    const [row] = await execute(database, sessions)
    if (Number(row?.['open']) > 0) return
    await sleep(20)
  }
  assert.fail('nothing runs')
}
