import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { bulkhead, checkout, json, temporaryFolder } from './command.ts'
import { createDatabase, createRole, execute } from '../support/postgres.ts'
import { createBucket } from '../support/s3.ts'

interface Reply {
  readonly data: {
    readonly status: string
    readonly warnings: readonly string[]
    readonly result: {
      readonly rows: number
      readonly rejected?: number
      readonly files: readonly { readonly url: string; readonly location: string; readonly bytes: number }[]
    }
  }
}

test('the example invoices goes from PostgreSQL to S3, and its link brings the file', async (t) => {
  const database = await createDatabase(t)
  await execute(database, readFileSync(join(checkout, 'examples/invoices/ledger.sql'), 'utf8'))
  const { user, password } = await createRole(t, database)
  await execute(database, `GRANT SELECT ON invoice TO ${user}`)
  const bucket = await createBucket(t)
  const environment = {
    BULKHEAD_ALLOW_LOOPBACK: '1',
    BULKHEAD_SECRET__INVOICES__LEDGER_PASSWORD: password,
    BULKHEAD_SECRET__INVOICES__EXPORTS_KEY: bucket.secretAccessKey,
    LEDGER_HOST: database.host,
    LEDGER_PORT: String(database.port),
    LEDGER_DATABASE: database.database,
    LEDGER_USER: user,
    EXPORTS_ENDPOINT: bucket.endpoint,
    EXPORTS_BUCKET: bucket.bucket,
    EXPORTS_KEY_ID: bucket.accessKeyId,
  }
  const place = ['--environment', 'local']
  const check = await bulkhead(['check', 'examples/invoices', ...place], { environment })
  assert.equal(check.code, 0, check.stdout)
  assert.match(check.stdout, /✓ connection ledger .*\n✓ store exports /)

  const run = async (...args: readonly string[]) => {
    const ended = await bulkhead(['run', '--application', 'examples/invoices', ...place, ...args], {
      environment,
    })
    return { code: ended.code, reply: json<Reply>(ended).data }
  }
  const monthly = await run('--job', 'monthly', '-p', 'month=2026-10')
  assert.deepEqual([monthly.code, monthly.reply.status, monthly.reply.warnings], [0, 'completed', []])
  const [file] = monthly.reply.result.files
  assert.match(file?.location ?? '', /^s3:\/\/[^/]+\/invoices\/[0-9a-f-]{36}\/invoices-2026-10\.csv\.gz$/)
  const answer = await fetch(file?.url ?? '')
  const packed = Buffer.from(await answer.arrayBuffer())
  assert.deepEqual([answer.status, packed.length], [200, file?.bytes])
  const rows = parse<Record<string, string>>(gunzipSync(packed), { columns: true })
  assert.deepEqual(
    rows.map(({ id, customer, amount, note }) => [id, customer, amount, note]),
    [
      ['1', 'Zoë & Co.', '1204.50', ''],
      ['2', 'ACME "Anvils"', '0.10', ''],
      ['3', 'Two\nlines', '99999999.99', '=1+1'],
    ],
  )

  const open = await run('--job', 'open')
  assert.deepEqual([open.code, open.reply.status], [4, 'completed-with-errors'])
  assert.deepEqual([open.reply.result.rows, open.reply.result.rejected], [2, 1])

  const real = await bulkhead(['preview', 'examples/invoices', ...place, '--job', 'open', '--json'], {
    environment,
  })
  assert.equal(json<{ rows: unknown[] }>(real).rows.length, 2)
})

test('the example measurements needs nothing of a database but the database', async (t) => {
  const database = await createDatabase(t)
  const { user, password } = await createRole(t, database)
  const environment = {
    BULKHEAD_ALLOW_LOOPBACK: '1',
    BULKHEAD_SECRET__MEASUREMENTS__DATABASE_PASSWORD: password,
    DATABASE_HOST: database.host,
    DATABASE_PORT: String(database.port),
    DATABASE_NAME: database.database,
    DATABASE_USER: user,
    DATABASE_TLS: 'auto',
  }
  const place = ['--environment', 'database-with-password']
  const args = ['-p', 'sensor=bed-7', '-p', 'rows=1000', '--out', temporaryFolder(t)]
  const ended = await bulkhead(['run', '--application', 'examples/measurements', ...place, ...args], {
    environment,
  })
  const { status, result } = json<Reply>(ended).data
  assert.deepEqual([ended.code, status, result.rows], [0, 'completed', 1000])
  const text = gunzipSync(readFileSync(new URL(result.files[0]?.location ?? ''))).toString()
  assert.match(text, /^id,sensor,taken_at,celsius,fahrenheit,state\n1,bed-7,2026-01-01 00:01:00\+00,/)

  const tests = ['test', 'examples/measurements', ...place]
  assert.equal((await bulkhead(tests, { environment })).code, 0)
})
