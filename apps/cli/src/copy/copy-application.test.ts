import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationSchema } from '@bulkhead/contract'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { copyApplication, type CopyApplication } from './copy-application.ts'
import { readEndpoint } from './endpoint.ts'

const keys = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'hunter2' }

function made(
  from: string,
  to: string,
  { query, environment = {} }: { query?: string; environment?: Record<string, string> } = {},
) {
  const application: CopyApplication = copyApplication({
    from: readEndpoint(from, 'FROM'),
    to: readEndpoint(to, 'TO'),
    query,
    folder: '/data',
    environment,
  })
  const { connections, stores, jobs } = applicationSchema.parse(application.manifest).spec
  const { source, output } = jobs['copy'] ?? assert.fail('no job')
  return {
    ...application,
    connections,
    store: stores['to'],
    source,
    output,
    connection: connections[source.connection],
  }
}

function refusal(...question: Parameters<typeof made>): string {
  try {
    made(...question)
  } catch (error) {
    assert.ok(isBulkheadError(error))
    return `${error.code}: ${error.message}; ${error.fix}`
  }
  return assert.fail('it was taken')
}

test('a file with the ending of its source is copied as it is, and packed where that is asked for', () => {
  for (const [from, to, compression] of [
    ['a.csv', '/out/b.csv', 'none'],
    ['a.csv', 'b.csv.gz', 'gzip'],
    ['a.jsonl.zst', 'b.jsonl.zst', 'none'],
    ['a.png', 'b.png', 'none'],
  ] as const) {
    const { connection, output, source } = made(from, to)
    assert.equal(connection?.connector, 'files@^1')
    assert.deepEqual(source.query, { path: from })
    assert.deepEqual([output.format, output.compression], ['binary', compression])
  }
})

test('everything else goes through a query, by default of all', () => {
  const { connection, source, output } = made('sub/a.parquet', 'b.csv.zst')
  assert.equal(connection?.connector, 'duckdb@^1')
  assert.deepEqual(
    [connection?.config['folder'], connection?.config['files']],
    ['/data/sub', { input: { path: 'a.parquet' } }],
  )
  assert.equal(source.query, 'SELECT * FROM input')
  assert.deepEqual([output.format, output.compression, output.fileName], ['csv', 'zstd', 'b.csv.zst'])
  assert.equal(made('a.csv', 'b.csv', { query: 'SELECT 1' }).connection?.connector, 'duckdb@^1')
})

test('text of CSV that stays CSV is not taken for numbers', () => {
  assert.deepEqual(made('a.csv.gz', 'b.csv').connection?.config['files'], {
    input: { path: 'a.csv.gz', csv: { allText: true } },
  })
  assert.deepEqual(made('a.csv.gz', 'b.jsonl').connection?.config['files'], { input: { path: 'a.csv.gz' } })
})

test('a password is a secret of the environment, and in no manifest', () => {
  const { manifest, secrets, connection, source } = made(
    'postgres://u@db:1/x?table=a.b',
    's3://out/p/c.csv',
    {
      environment: {
        ...keys,
        PGPASSWORD: 'hunter1',
        AWS_SESSION_TOKEN: 'hunter3',
        AWS_REGION: 'eu-central-1',
      },
    },
  )
  assert.doesNotMatch(JSON.stringify(manifest), /hunter/)
  assert.deepEqual(secrets, { 'from-password': 'hunter1', 's3-key': 'hunter2', 's3-session': 'hunter3' })
  assert.deepEqual(connection?.config['password'], { secret: 'from-password' })
  assert.equal(source.query, 'SELECT * FROM "a"."b"')
})

test('S3 is where the variables of the AWS tools say', () => {
  const { store, target } = made('a.csv', 's3://out/p/q/c.csv', {
    environment: { ...keys, AWS_ENDPOINT_URL: 'http://x', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' },
  })
  assert.deepEqual(store?.config, {
    bucket: 'out',
    prefix: 'p/q/',
    endpoint: 'http://127.0.0.1:9',
    forcePathStyle: true,
    accessKeyId: 'AK',
    secretAccessKey: { secret: 's3-key' },
  })
  assert.equal(target, 'c.csv')
  assert.match(refusal('a.csv', 's3://out/c.csv'), /^secret-not-found: .*AWS_ACCESS_KEY_ID/)
  const role = made('a.csv', 's3://out/c.csv', { environment: { BULKHEAD_S3_MACHINE_IDENTITY: 'allow' } })
  assert.equal(role.store?.config['identity'], 'machine')
})

test('objects of S3 are fetched for a query, and copied without one', () => {
  const environment = keys
  const fetched = made('s3://in/p/a.parquet', 'b.csv', { environment })
  assert.deepEqual(fetched.connection?.config['files'], {
    input: { connection: 'from', fetch: { key: 'a.parquet' }, format: 'parquet' },
  })
  const copied = made('s3://in/p/a.parquet', 'b.parquet', { environment })
  assert.deepEqual([copied.connection?.connector, copied.source.query], ['s3@^1', { key: 'a.parquet' }])
})

test('what cannot be copied is refused with what to write', () => {
  assert.match(refusal('a.csv', 'postgres://u@h/d'), /^usage: A database cannot be copied to/)
  assert.match(refusal('postgres://u@h/d', 'a.csv'), /Nothing says what to read.*table=/)
  assert.match(refusal('postgres://u@h/d?query=SELECT 1', 'a.csv', { query: 'SELECT 2' }), /two queries/)
  assert.match(refusal('a.png', 'a.csv'), /ending of FROM/)
  assert.match(refusal('a.csv', 'a.ods'), /ending of TO.*\.csv, \.jsonl, \.parquet, \.avro or \.xlsx/)
  assert.match(refusal('a.avro', 'a.csv'), /avro can be written, and not read/)
  assert.match(refusal('a.xlsx', 'b.xlsx', { query: 'SELECT 1' }), /xlsx can be written, and not read/)
  assert.match(refusal('a.csv', 'a.json'), /ending of TO/)
})
