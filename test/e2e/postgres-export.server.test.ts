/** The main job, as its users do it: a request to the command, a reply, a download, and what psql says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { ReplyEvent } from '@bulkhead/contract'
import { startFileServer } from '@bulkhead/files'
import {
  type ApplicationSpec,
  postgresConnection,
  s3Store,
  writeApplication,
} from '../support/application-folder.ts'
import { createDatabase, execute, type TestDatabase } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { contentsOf, createBucket } from '../support/s3.ts'
import { bulkhead, type Ended, startBulkhead, temporaryFolder } from './command.ts'

const query = 'SELECT * FROM sale ORDER BY id'
const loopback = { BULKHEAD_ALLOW_LOOPBACK: '1' }
const local = { connector: 'files', config: { folder: './out', createFolder: true } }

async function salesDatabase(t: TestContext, rows = 20_000): Promise<TestDatabase> {
  const database = await createDatabase(t)
  await execute(
    database,
    `CREATE TABLE sale AS
     SELECT id, (id * 1.25)::numeric(12, 2) AS amount, date '2026-01-01' + id % 365 AS day,
            'text "' || id || E'",\\nand more' AS note, NULLIF(id % 3, 0) AS maybe, repeat(md5(id::text), 4) AS filler
     FROM generate_series(1, ${rows}) AS id`,
  )
  return database
}

async function psqlCsv(database: TestDatabase, sql: string): Promise<Buffer> {
  const command = `\\copy (${sql}) to stdout csv header`
  const { stdout } = await promisify(execFile)('psql', ['-X', '-c', command, database.url], {
    encoding: 'buffer',
    maxBuffer: 2 ** 28,
  })
  return stdout
}

function replyOf(ended: Ended): ReplyEvent {
  assert.ok(ended.stdout !== '', ended.stderr)
  return JSON.parse(ended.stdout) as ReplyEvent
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Downloads the only file of a reply and holds it against what the reply says. */
async function download({ data }: ReplyEvent): Promise<Buffer> {
  const [file = assert.fail(JSON.stringify(data.error)), ...others] = data.result?.files ?? []
  assert.equal(others.length, 0)
  const response = await fetch(file.url)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-disposition') ?? '', new RegExp(`filename="${file.name}"`))
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.equal(bytes.length, file.bytes)
  assert.equal(sha256(bytes), file.checksum.value)
  return bytes
}

test('a request becomes a file in a folder that psql would have written, and a link to it', async (t) => {
  const database = await salesDatabase(t)
  const folder = temporaryFolder(t)
  const state = temporaryFolder(t)
  const ignore = (): void => undefined
  const server = await startFileServer({
    host: '127.0.0.1',
    port: 0,
    stateFolder: join(state, 'bulkhead'),
    log: { debug: ignore, info: ignore, warn: ignore },
  })
  t.after(() => server.close(0))
  await writeApplication(folder, 'sales', {
    connections: { ledger: postgresConnection(database) },
    stores: { out: local },
    jobs: {
      all: {
        parameters: { from: { type: 'integer' } },
        source: { connection: 'ledger', query: 'SELECT * FROM sale WHERE id > :from ORDER BY id' },
        output: { fileName: 'sales-{from}.csv' },
      },
    },
  })
  const ended = await bulkhead(['run', '-a', folder, '--job', 'all', '-p', 'from=10000'], {
    environment: { ...loopback, XDG_STATE_HOME: state, BULKHEAD_FILES_URL: server.url },
  })
  assert.equal(ended.code, 0, ended.stderr)
  const reply = replyOf(ended)
  assert.equal(reply.data.result?.rows, 10_000)
  assert.equal(reply.data.guarantee, 'exactly-once-effect')
  assert.equal(reply.data.consistency, 'snapshot')
  assert.ok(!reply.data.warnings.some((warning) => warning.includes('serve')), String(reply.data.warnings))
  const expected = await psqlCsv(database, 'SELECT * FROM sale WHERE id > 10000 ORDER BY id')
  assert.ok((await download(reply)).equals(expected))
})

test('a request becomes an object in S3, in several parts, and a link to it', async (t) => {
  const database = await salesDatabase(t, 100_000)
  const bucket = await createBucket(t)
  const folder = await writeApplication(temporaryFolder(t), 'sales', {
    connections: { ledger: postgresConnection(database) },
    stores: { exports: s3Store(bucket, 's3') },
    policy: { adHoc: { queries: ['ledger'] } },
  })
  const request = { requestId: 'r-1', source: { connection: 'ledger', query } }
  const environment = { ...loopback, BULKHEAD_SECRET__SALES__S3: bucket.secretAccessKey }
  const plain = await bulkhead(['run', '-a', folder, '-r', '-'], {
    input: JSON.stringify(request),
    environment,
  })
  assert.equal(plain.code, 0, plain.stderr)
  const expected = await psqlCsv(database, query)
  assert.ok((await download(replyOf(plain))).equals(expected))
  const packed = await bulkhead(['run', '-a', folder, '-r', '-'], {
    input: JSON.stringify({ ...request, output: { compression: 'gzip' } }),
    environment,
  })
  assert.ok(gunzipSync(await download(replyOf(packed))).equals(expected))
  const { objects, uploads } = await contentsOf(bucket)
  assert.deepEqual(uploads, [])
  assert.deepEqual(
    new Set(objects.map(({ key }) => key.split('/')[0])),
    new Set([plain, packed].map((ended) => replyOf(ended).data.runId)),
  )
})

test('a connection that breaks half-way costs an attempt, and leaves one result', async (t) => {
  const database = await salesDatabase(t, 50_000)
  const bucket = await createBucket(t)
  const proxy = await startProxy(t, database)
  proxy.cutAfter(2_000_000)
  const folder = await writeApplication(temporaryFolder(t), 'sales', {
    connections: { ledger: postgresConnection(database, { host: proxy.host, port: proxy.port }) },
    stores: { exports: s3Store(bucket, 's3') },
    jobs: { all: { source: { connection: 'ledger', query } } },
  })
  const started = startBulkhead(['run', '-a', folder], {
    environment: { ...loopback, BULKHEAD_SECRET__SALES__S3: bucket.secretAccessKey },
  })
  while (proxy.bytesToClient < 2_000_000) await sleep(5)
  proxy.cutAfter(undefined)
  const ended = await started.ended
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(ended.stderr, /Attempt 1 failed, another follows/)
  assert.ok((await download(replyOf(ended))).equals(await psqlCsv(database, query)))
  const { objects, uploads } = await contentsOf(bucket)
  assert.equal(objects.length, 1)
  assert.deepEqual(uploads, [])
})

/** A job that would run for hours, into S3. */
async function startEndless(t: TestContext) {
  const database = await salesDatabase(t, 1)
  const bucket = await createBucket(t)
  const spec: ApplicationSpec = {
    connections: { ledger: postgresConnection(database) },
    stores: { exports: s3Store(bucket, 's3') },
    jobs: {
      endless: {
        source: {
          connection: 'ledger',
          query: `SELECT repeat('x', 1000), pg_sleep(CASE WHEN id % 1000 = 0 THEN 0.02 ELSE 0 END)::text
                  FROM (SELECT generate_series(1, 1000000000) AS id) AS endless`,
        },
      },
    },
    replies: { folder: { file: { folder: './replies' } } },
  }
  const folder = await writeApplication(temporaryFolder(t), 'sales', spec)
  const started = startBulkhead(['run', '-a', folder], {
    environment: { ...loopback, BULKHEAD_SECRET__SALES__S3: bucket.secretAccessKey },
  })
  t.after(() => started.child.kill('SIGKILL'))
  const backends = (): Promise<readonly unknown[]> =>
    execute(
      database,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%generate_series%'`,
    )
  while ((await backends()).length === 0 || (await contentsOf(bucket)).uploads.length === 0) await sleep(50)
  return { ...started, bucket, folder, backends }
}

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} cancels: the reply says so, the query ends, no upload is left`, async (t) => {
    const { child, ended, bucket, folder, backends } = await startEndless(t)
    const startedMs = performance.now()
    child.kill(signal)
    const { code: exitCode, stdout, stderr } = await ended
    assert.ok(performance.now() - startedMs < 10_000)
    assert.equal(exitCode, code, stderr)
    const reply = JSON.parse(stdout) as ReplyEvent
    assert.equal(reply.type, 'dev.bulkhead.run.cancelled.v1')
    assert.equal(reply.data.error?.kind, 'cancelled')
    assert.equal((await readdir(join(folder, 'replies'))).length, 1)
    assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
    while ((await backends()).length > 0) await sleep(20)
  })
}

test('a second signal ends it at once', async (t) => {
  const { child, ended } = await startEndless(t)
  child.kill('SIGTERM')
  child.kill('SIGINT')
  const startedMs = performance.now()
  const { code } = await ended
  assert.ok(code === 130 || code === 143)
  assert.ok(performance.now() - startedMs < 1_000)
})

test('an application reaches this machine only when the platform says so', async (t) => {
  const database = await salesDatabase(t, 1)
  const folder = await writeApplication(temporaryFolder(t), 'sales', {
    connections: { ledger: postgresConnection(database) },
    stores: { out: local },
    jobs: { all: { source: { connection: 'ledger', query } } },
    policy: { network: { allow: ['127.0.0.1', '*'] } },
  })
  const ended = await bulkhead(['run', '-a', folder])
  assert.equal(ended.code, 2)
  const { error } = replyOf(ended).data
  assert.equal(error?.code, 'network-refused')
  assert.ok(error.message.includes(`${database.host}:${database.port}`))
  assert.match(error.fix ?? '', /BULKHEAD_ALLOW_LOOPBACK/)
})

test('an application reaches no store of this machine either', async (t) => {
  const bucket = await createBucket(t)
  const folder = await writeApplication(
    temporaryFolder(t),
    'sales',
    {
      connections: { files: { connector: 'files', config: { folder: '.' } } },
      stores: { exports: s3Store(bucket, 's3') },
      jobs: { all: { source: { connection: 'files', query: { path: 'a.txt' } } } },
    },
    { 'a.txt': 'hello' },
  )
  const ended = await bulkhead(['run', '-a', folder], {
    environment: { BULKHEAD_SECRET__SALES__S3: bucket.secretAccessKey },
  })
  assert.equal(replyOf(ended).data.error?.code, 'network-refused', ended.stdout)
  assert.equal(ended.code, 2)
})

test('limits end a run with nothing left: rows, bytes, time', async (t) => {
  const database = await salesDatabase(t, 20_000)
  const bucket = await createBucket(t)
  const cases: readonly [limits: Readonly<Record<string, unknown>>, sql: string, code: string][] = [
    [{ rows: 19_999 }, query, 'result-too-large'],
    [{ bytes: '1MiB' }, query, 'result-too-large'],
    [{ time: 'PT1S' }, 'SELECT pg_sleep(20)::text', 'run-too-long'],
  ]
  for (const [limits, sql, code] of cases) {
    const folder = await writeApplication(temporaryFolder(t), 'sales', {
      connections: { ledger: postgresConnection(database) },
      stores: { exports: s3Store(bucket, 's3') },
      jobs: { all: { source: { connection: 'ledger', query: sql } } },
      policy: { limits },
    })
    const ended = await bulkhead(['run', '-a', folder], {
      environment: { ...loopback, BULKHEAD_SECRET__SALES__S3: bucket.secretAccessKey },
    })
    assert.equal(replyOf(ended).data.error?.code, code, ended.stderr)
    assert.equal(ended.code, 2)
  }
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})
