/** Reading results, by pages of a made-up Athena and as objects of a real S3 server. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isBulkheadError, type Row } from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext } from '@bulkhead/connector-sdk/testing'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { createBucket, s3Client, type TestBucket } from '../../../../test/support/s3.ts'
import { startProxy } from '../../../../test/support/proxy.ts'
import connector from '../index.ts'
import { type FakeAthena, settingsFor, startFakeAthena } from '../testing/fake-athena.ts'
import type { FakeQuery } from '../testing/fake-results.ts'

const columns = [
  { name: 'id', type: 'integer' },
  { name: 'text', type: 'varchar' },
]
const many: FakeQuery = {
  columns,
  rows: Array.from({ length: 2500 }, (_, id) => [String(id), id % 7 === 0 ? null : `"${id}"`]),
}
const expected = Array.from({ length: 2500 }, (_, id) => ({ id, text: id % 7 === 0 ? null : `"${id}"` }))

interface Opened {
  readonly fake: FakeAthena
  readonly bucket: TestBucket
  readonly read: (
    query: FakeQuery,
    settings?: Readonly<Record<string, unknown>>,
    maxRows?: number,
  ) => Promise<Row[]>
  readonly warnings: string[]
  readonly pages: () => number
}

async function open(t: TestContext): Promise<Opened> {
  const bucket = await createBucket(t)
  const fake = await startFakeAthena(t, bucket)
  const warnings: string[] = []
  return {
    fake,
    bucket,
    warnings,
    pages: () => fake.calls.filter(({ action }) => action === 'GetQueryResults').length - 1,
    async read(query, settings = {}, maxRows) {
      fake.answer = () => query
      const config = connector.config.parse({
        ...settingsFor(fake, bucket),
        pollFirst: 'PT0.05S',
        attempts: 2,
        ...settings,
      })
      const context = testContext({ config })
      await using source = (await connector.source?.open(context)) ?? assert.fail()
      const request = readRequest({ query: 'SELECT 1' }, 'rows', { maxRows })
      await using extract = await source.prepare(request, context.signal)
      const rows = await readRows(extract, context.signal)
      warnings.push(...context.logged.filter(({ level }) => level === 'warn').map(({ message }) => message))
      return rows
    },
  }
}

const isCode = (code: string) => (error: unknown) => isBulkheadError(error) && error.code === code

test('reads every page of a result', async (t) => {
  const { read, pages } = await open(t)
  assert.deepEqual(await read(many, { results: 'pages' }), expected)
  assert.equal(pages(), 3)
})

test('reads a result as its object, and a preview by one page', async (t) => {
  const { read, pages } = await open(t)
  assert.deepEqual(await read(many), expected)
  assert.equal(pages(), 0)
  assert.deepEqual(await read(many, {}, 10), expected.slice(0, 10))
  assert.equal(pages(), 2)
  assert.deepEqual(await read(many, {}, 1500), expected.slice(0, 1500))
})

test('reads pages where there is no object or where it cannot be read, and says so', async (t) => {
  const { read, bucket, warnings } = await open(t)
  assert.deepEqual(await read({ ...many, location: null }), expected)
  assert.deepEqual(warnings, [])
  const gone = { ...many, location: `s3://${bucket.bucket}/gone.csv` }
  assert.deepEqual(await read(gone), expected)
  assert.deepEqual(warnings, ['The result object cannot be read, so the result is read page by page'])
  await assert.rejects(read(gone, { results: 'object' }), isCode('athena-result-unreadable'))
})

test('reads what SHOW and DESCRIBE answer, which is no CSV and has no names of columns', async (t) => {
  const { read } = await open(t)
  const tables: FakeQuery = {
    columns: [{ name: 'tab_name', type: 'string' }],
    rows: [['tab_name'], ['people']],
    statementType: 'DDL',
  }
  for (const results of ['auto', 'object', 'pages'])
    assert.deepEqual(await read(tables, { results }), [{ tab_name: 'tab_name' }, { tab_name: 'people' }])
})

test('goes on where the connection to S3 broke', async (t) => {
  const { read, fake, warnings } = await open(t)
  const { hostname: host, port } = new URL(fake.endpoint)
  const proxy = await startProxy(t, { host, port: Number(port) })
  const rows = Array.from({ length: 20_000 }, (_, id) => [String(id), 'x'.repeat(200)])
  proxy.cutAfter(1_500_000)
  const found = await read(
    { columns, rows },
    { s3Endpoint: `http://${proxy.host}:${proxy.port}`, attempts: 3 },
  )
  assert.deepEqual(
    found.map(({ id }) => id),
    rows.map(([id]) => Number(id)),
  )
  assert.ok(warnings.length > 1)
})

test('refuses an object that is not the result', async (t) => {
  const { read, bucket } = await open(t)
  const s3 = s3Client(bucket)
  t.after(() => s3.destroy())
  for (const [Key, Body] of Object.entries({
    'other.csv': '"a","b"\n"1","x"\n',
    'short.csv': '"id","text"\n"1"\n',
    'long.csv': '"id","text"\n"1","x","y"\n',
    'cut.csv': '"id","text"\n"1","x',
    'latin.csv': Buffer.from('"id","text"\n"1","\xe9"\n', 'latin1'),
  })) {
    await s3.send(
      new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ContentLength: Buffer.byteLength(Body) }),
    )
    const query = { columns, rows: [], location: `s3://${bucket.bucket}/${Key}` }
    await assert.rejects(read(query), isCode('athena-protocol'), Key)
  }
})
