import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readEndpoint } from './endpoint.ts'
import { shapeOf } from './file-shape.ts'

function refusal(
  text: string,
  which: 'FROM' | 'TO' = 'FROM',
): { code: string; message: string; fix: string | undefined } {
  try {
    readEndpoint(text, which)
  } catch (error) {
    assert.ok(isBulkheadError(error))
    assert.equal(error.path, which)
    return { code: error.code, message: error.message, fix: error.fix }
  }
  return assert.fail('it was taken')
}

test('a PostgreSQL URL names server, database, user and query', () => {
  assert.deepEqual(readEndpoint('postgres://reader@db.internal/ledger?query=SELECT 1', 'FROM'), {
    kind: 'postgres',
    host: 'db.internal',
    port: 5432,
    database: 'ledger',
    user: 'reader',
    tlsMode: undefined,
    query: 'SELECT 1',
  })
  assert.deepEqual(readEndpoint('postgresql://a%40b@[::1]:6543/my%20db?sslmode=verify-full', 'FROM'), {
    kind: 'postgres',
    host: '::1',
    port: 6543,
    database: 'my db',
    user: 'a@b',
    tlsMode: 'verify-full',
    query: undefined,
  })
})

test('the query takes everything behind it: SQL has ampersands, hashes and plus signs of its own', () => {
  const sql = "SELECT a+b, c #> '{x}' FROM t WHERE a & 4 = 0 AND d = 'x=y' AND e LIKE '%'"
  const endpoint = readEndpoint(`postgres://u@h/d?sslmode=disable&query=${sql}`, 'FROM')
  assert.equal(endpoint.kind === 'postgres' && endpoint.query, sql)
  const encoded = readEndpoint(`postgres://u@h/d?query=${encodeURIComponent(sql)}`, 'FROM')
  assert.equal(encoded.kind === 'postgres' && encoded.query, sql)
})

test('a table becomes quoted identifiers', () => {
  const endpoint = readEndpoint('postgres://u@h/d?table=public.odd"name;--', 'FROM')
  assert.equal(endpoint.kind === 'postgres' && endpoint.query, 'SELECT * FROM "public"."odd""name;--"')
})

test('an S3 URL names bucket, prefix and file', () => {
  assert.deepEqual(readEndpoint('s3://exports/billing/2026/x.jsonl', 'TO'), {
    kind: 's3',
    bucket: 'exports',
    prefix: 'billing/2026/',
    fileName: 'x.jsonl',
    shape: { format: 'jsonl', compression: 'none' },
  })
})

test('a password in a URL is refused, and never repeated', () => {
  for (const url of [
    'postgres://reader:hunter2@db/ledger',
    'postgres://reader:hun@ter2@db/ledger?query=SELECT 1',
    'postgres://reader@db/ledger?password=hunter2',
    'postgres://reader@db/ledger?sslmode=require&password=hunter2&query=SELECT 1',
    's3://AKIAHUNTER:hunter2@exports/x.csv',
    's3://hunter2@exports/x.csv',
    'mysql://root:hunter2@db/x',
    's3://exports/x.csv?X-Amz-Signature=hunter2',
  ]) {
    const { code, message, fix } = refusal(url)
    assert.equal(code, 'url-credentials-refused', url)
    assert.doesNotMatch(`${message} ${fix}`, /hunter2|ter2/i)
    assert.match(fix ?? '', url.startsWith('s3') ? /AWS_SECRET_ACCESS_KEY/ : /PGPASSWORD/)
  }
})

test('a query that speaks of passwords is none', () => {
  const endpoint = readEndpoint("postgres://u@h/d?query=SELECT * FROM t WHERE x='&password=1'", 'FROM')
  assert.equal(endpoint.kind, 'postgres')
})

test('what cannot be read is refused with what to write instead', () => {
  assert.match(refusal('postgres://db/ledger').fix ?? '', /postgres:\/\/user@host/)
  assert.match(refusal('postgres://u@h').message, /no address/)
  assert.match(refusal('postgres://u@h/d?sslmode=prefer').message, /sslmode/)
  assert.match(refusal('postgres://u@h/d?querry=SELECT').message, /unknown parameter: querry/)
  assert.match(refusal('s3://bucket', 'TO').fix ?? '', /s3:\/\/bucket/)
  assert.match(refusal('mysql://u@h/d').message, /scheme/)
  assert.equal(refusal('-').code, 'usage')
})

test('the ending tells format and compression', () => {
  assert.deepEqual(shapeOf('a/b.c/Data.CSV.GZ'), { format: 'csv', compression: 'gzip' })
  assert.deepEqual(shapeOf('x.ndjson.zst'), { format: 'jsonl', compression: 'zstd' })
  for (const format of ['parquet', 'avro', 'xlsx'])
    assert.deepEqual(shapeOf(`x.${format}`), { format, compression: 'none' })
  for (const path of [
    'x',
    'x.txt',
    'csv',
    'x.parquet.gz',
    'x.avro.zst',
    'x.xlsx.gz',
    'x.csv.bz2',
    'dir.csv/x',
  ])
    assert.equal(shapeOf(path), undefined, path)
})
