import assert from 'node:assert/strict'
import { appendFile, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { isBulkheadError, type BulkheadError } from '@bulkhead/connector-sdk'
import { testContext } from '@bulkhead/connector-sdk/testing'
import { config as schema } from './config.ts'
import { openSource } from './source.ts'
import { answer, failsWith, folderOf, signal, withExtract } from './testing.test-support.ts'

// Three million real flights.
const samples = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data')

async function errorOf(query: string, asked: Parameters<typeof answer>[1] = {}): Promise<BulkheadError> {
  const error: unknown = await answer(query, asked).then(
    () => assert.fail(`${query} was answered`),
    (reason: unknown) => reason,
  )
  assert.ok(isBulkheadError(error), String(error))
  return error
}

test('three million rows of Parquet pass, in order and within the bounds', async () => {
  const config = { folder: samples, files: { flights: { path: 'flights-3m.parquet' } } }
  await withExtract('FROM flights', { config, batchRows: 65_536 }, async (extract) => {
    assert.equal(extract.consistency, 'snapshot')
    let rows = 0
    let delays = 0n
    for await (const batch of extract.read(signal)) {
      assert.equal(batch.form, 'columns')
      rows += batch.rows
      const delay = batch.columns[1]
      assert.ok(delay?.layout === 'fixed' && delay.values instanceof BigInt64Array)
      for (const value of delay.values) delays += value
    }
    const { rows: sums } = await answer('SELECT sum(delay) AS s FROM flights', { config })
    assert.equal(rows, 3_000_000)
    assert.equal(delays.toString(), sums[0]?.['s'])
  })
})

test('a gigabyte passes through a small memory limit', async () => {
  const query = "SELECT repeat('x', 1000) || i AS t FROM range(500000) t(i)"
  const before = process.memoryUsage.rss()
  await withExtract(query, { config: { memoryLimit: '64MiB' } }, async (extract) => {
    let bytes = 0
    let peak = 0
    for await (const batch of extract.read(signal)) {
      if (batch.form === 'columns') bytes += batch.bytes
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    assert.ok(bytes > 500_000_000)
    assert.ok(peak - before < 300_000_000, `memory grew by ${peak - before}`)
  })
})

test('several files are one table, compressed ones included', async (t) => {
  const folder = await folderOf(t, { 'a.csv': 'n,s\n1,x\n' })
  await writeFile(join(folder, 'b.csv.gz'), gzipSync('n,s\n2,y\n'))
  const config = { folder, files: { t: { path: '*.csv*' } } }
  assert.deepEqual((await answer('FROM t ORDER BY n', { config })).rows, [
    { n: 1n, s: 'x' },
    { n: 2n, s: 'y' },
  ])
})

test('a .json file is one list of objects, or objects one after the other', async (t) => {
  const folder = await folderOf(t, {
    'list.json': '[\n  { "n": 1, "s": "x" },\n  { "n": 2, "s": null }\n]\n',
    'lines.json': '{"n":1,"s":"x"}\n{"n":2,"s":null}\n',
    'typed.data': '[{"n": "007"}]',
  })
  const rows = [
    { n: 1n, s: 'x' },
    { n: 2n, s: null },
  ]
  for (const path of ['list.json', 'lines.json'])
    assert.deepEqual(
      (await answer('FROM t', { config: { folder, files: { t: { path } } } })).rows,
      rows,
      path,
    )
  const files = { t: { path: 'typed.data', format: 'json', columns: { n: 'VARCHAR' } } }
  assert.deepEqual((await answer('FROM t', { config: { folder, files } })).rows, [{ n: '007' }])
})

test('columns and csv settings say exactly how files read', async (t) => {
  const folder = await folderOf(t, {
    'a.txt': 'head\nid;amount;day\n007;1,50;31.10.2026\n008;NIL;01.11.2026\n',
    'b.jsonl': '{"id":12345678901234567890123,"amount":1.10}\n',
  })
  const csv = {
    delimiter: ';',
    skipLines: 1,
    header: true,
    nullText: 'NIL',
    decimalSeparator: ',',
    dateFormat: '%d.%m.%Y',
  }
  const columns = { id: 'VARCHAR', amount: 'DECIMAL(9,2)', day: 'DATE' }
  const files = {
    a: { path: 'a.txt', format: 'csv', csv, columns },
    text: { path: 'a.txt', format: 'csv', csv: { delimiter: ';', skipLines: 1, allText: true } },
    b: { path: 'b.jsonl', columns: { id: 'DECIMAL(38,0)', amount: 'DECIMAL(9,2)' } },
  }
  const config = { folder, files }
  assert.deepEqual((await answer('FROM a', { config })).rows, [
    { id: '007', amount: '1.50', day: '2026-10-31' },
    { id: '008', amount: null, day: '2026-11-01' },
  ])
  assert.deepEqual((await answer('FROM text LIMIT 1', { config })).rows, [
    { id: '007', amount: '1,50', day: '31.10.2026' },
  ])
  assert.deepEqual((await answer('FROM b', { config })).rows, [
    { id: '12345678901234567890123', amount: '1.10' },
  ])
})

test('parameters keep their types: lists, null, bytes, large numbers, dates as text', async () => {
  const parameters = {
    n: null,
    big: 2n ** 100n,
    list: [1, 2n ** 40n],
    texts: ['a', null],
    bytes: Buffer.from([0, 255]),
    é: true,
  }
  const { rows } = await answer(
    "SELECT :n AS n, :big AS big, :list AS list, :texts AS texts, :bytes AS bytes, :é AS e, ':n' AS quoted, '1'::INT AS cast",
    { parameters },
  )
  assert.deepEqual(rows, [
    {
      n: null,
      big: (2n ** 100n).toString(),
      list: '[1,1099511627776]',
      texts: '["a",null]',
      bytes: new Uint8Array([0, 255]),
      e: true,
      quoted: ':n',
      cast: 1,
    },
  ])
  const dates = { parameters: { from: '2026-01-02', ids: [1, 3] } }
  const query = `SELECT i FROM (SELECT range AS i, DATE '2026-01-01' + range::INT AS day FROM range(5))
                 WHERE day >= :from AND list_contains(:ids, i)`
  assert.deepEqual((await answer(query, dates)).rows, [{ i: 1n }, { i: 3n }])
})

test('other forms of parameters, and numbers that are too large, are refused', async () => {
  for (const query of ['SELECT $1', 'SELECT ?', 'SELECT $name']) {
    assert.equal((await errorOf(query)).code, 'duckdb-query-invalid', query)
  }
  const error = await errorOf('SELECT :n', { parameters: { n: 2n ** 128n } })
  assert.equal(error.code, 'duckdb-parameter-invalid')
  for (const half of ['x\ud800', ['x', '\udc00']]) {
    const { code, path } = await errorOf('SELECT :n', { parameters: { n: half } })
    assert.deepEqual([code, path], ['duckdb-parameter-invalid', 'parameters.n'])
  }
  assert.equal(error.path, 'parameters.n')
})

test('files of another connection are fetched for the queries that need them, once', async (t) => {
  const folder = await folderOf(t, { 'local.csv': 'a\n1\n' })
  const asked: unknown[] = []
  await using context = testContext({
    config: schema.parse({
      folder,
      files: {
        local: { path: 'local.csv' },
        orders: { connection: 'raw', fetch: { prefix: '2026/' }, format: 'csv' },
      },
    }),
    async fetchFiles(connection, query) {
      asked.push([connection, query])
      const path = join(await context.temporaryFolder(), 'fetched')
      await copyFile(join(folder, 'local.csv'), path)
      return [path]
    },
  })
  await using source = await openSource(context)
  assert.match(await source.check(signal), /1 files as 1 tables; 1 tables are fetched/)
  for (const [query, consistency, fetches] of [
    ['FROM local', 'snapshot', 0],
    ['FROM orders', 'none', 1],
    ['FROM "ORDERS", local', 'none', 1],
  ] as const) {
    const parts = {
      parameters: {},
      form: 'columns',
      maxRows: undefined,
      batchRows: 10,
      batchBytes: 1000,
    } as const
    const output = { format: 'csv', csv: (await import('@bulkhead/connector-sdk')).defaultCsv } as const
    await using extract = await source.prepare({ query, output, ...parts }, signal)
    for await (const batch of extract.read(signal)) assert.equal(batch.form === 'columns' && batch.rows, 1)
    assert.equal(extract.consistency, consistency)
    assert.equal(asked.length, fetches)
  }
  assert.deepEqual(asked, [['raw', { prefix: '2026/' }]])
})

test('a file that changes while it is read fails the read', async (t) => {
  const folder = await folderOf(t, { 'a.csv': `n\n${'1\n'.repeat(300_000)}` })
  const config = { folder, files: { t: { path: 'a.csv' } } }
  const reading = withExtract('FROM t', { config, batchRows: 1000 }, async (extract) => {
    let batches = 0
    for await (const batch of extract.read(signal)) {
      assert.equal(batch.form, 'columns')
      if (++batches === 3) await appendFile(join(folder, 'a.csv'), '2\n')
    }
  })
  await assert.rejects(reading, failsWith('duckdb-file-changed'))
})

test('a wrong value is told by its line and column, and never shown', async (t) => {
  const folder = await folderOf(t, {
    'a.csv': `a,b\n${'1,x\n'.repeat(30_000)}s3cret,y\n`,
    'b.jsonl': `${'{"a":1}\n'.repeat(30_000)}{"a":"s3cret"}\n`,
    'c.jsonl': `${'{"a":1}\n'.repeat(30_000)}{s3cret\n`,
    'd.csv': 'a,b\n1,"s3cret\n',
  })
  const files = {
    a: { path: 'a.csv' },
    b: { path: 'b.jsonl', columns: { a: 'INTEGER' } },
    c: { path: 'c.jsonl' },
    d: { path: 'd.csv', csv: { header: true, delimiter: ',', quote: '"' } },
  }
  const config = { folder, files }
  const failures: Record<string, [code: string, message: RegExp]> = {
    'FROM a': ['duckdb-file-invalid', /line 30002 of a\.csv as CSV: the value of a is no BIGINT/],
    'FROM b': ['duckdb-file-invalid', /line 30001 of b\.jsonl/],
    'FROM c': ['duckdb-file-invalid', /near line 3000\d of c\.jsonl as JSON/],
    'FROM d': ['duckdb-file-invalid', /d/],
    "SELECT s::INTEGER FROM (VALUES ('s3cret')) t(s)": [
      'duckdb-value-invalid',
      /A value of the column s cannot be converted to INT32/,
    ],
    "SELECT strptime(s, '%Y') FROM (VALUES ('s3cret')) t(s)": ['duckdb-value-invalid', /cannot convert/],
    "SELECT error(s) FROM (VALUES ('s3cret')) t(s)": ['duckdb-value-invalid', /cannot convert/],
    'SELECT 9223372036854775807 + i FROM range(2) t(i)': [
      'duckdb-value-invalid',
      /cannot convert or compute/,
    ],
  }
  for (const [query, [code, message]] of Object.entries(failures)) {
    const error = await errorOf(query, { config })
    assert.equal(error.code, code, `${query}: ${error.message}`)
    assert.match(error.message, message, query)
    assert.doesNotMatch(
      [error.message, error.fix, error.path, error.stack, String(error.cause)].join(),
      /s3cret/,
      query,
    )
  }
})

test('a misspelled name comes with the one that was meant', async (t) => {
  const folder = await folderOf(t, { 'a.csv': 'amount\n1\n' })
  const config = { folder, files: { invoices: { path: 'a.csv' } } }
  const error = await errorOf('SELECT amuont\nFROM invoices', { config })
  assert.equal(error.code, 'duckdb-query-invalid')
  assert.match(error.message, /amuont.*\(line 1\)/)
  assert.match(error.fix ?? '', /amount/)
  assert.equal((await errorOf('FROM invoces', { config })).fix, 'The tables are invoices')
})

test('making the tables can be cancelled too', async (t) => {
  const folder = await folderOf(t, { 'a.csv': `a\n${'1\n'.repeat(1000)}` })
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`t${index}`, { path: 'a.csv' }]),
  )
  const reason = new Error('the test stops it')
  const stop = new AbortController()
  setTimeout(() => stop.abort(reason), 50)
  const query = Object.keys(files).join(' ')
  await assert.rejects(
    answer(`SELECT '${query}'`, { config: { folder, files }, signal: stop.signal }),
    reason,
  )
})

test('a query that needs more memory or disk than it may use says what to raise', async () => {
  const sort = "SELECT i, repeat('x', 200) || i AS t FROM range(500000) t(i) ORDER BY hash(i)"
  const small = { memoryLimit: '16MiB', spillLimit: '1MiB' }
  const error = await errorOf(sort, { config: small })
  assert.ok(['duckdb-out-of-memory', 'duckdb-spill-full'].includes(error.code), error.code)
  assert.match(error.fix ?? '', /memoryLimit/)
})

test('a sort that does not fit in memory goes to the disk, and leaves nothing there', async () => {
  const config = { memoryLimit: '32MiB' }
  const query = 'SELECT hash(i) AS h, i FROM range(2000000) t(i) ORDER BY h'
  await using context = testContext({ config: schema.parse({ folder: samples, files: {}, ...config }) })
  const folder = await context.temporaryFolder()
  {
    await using source = await openSource(context)
    const { readRequest } = await import('@bulkhead/connector-sdk/testing')
    await using extract = await source.prepare(readRequest({ query }, 'columns'), signal)
    let rows = 0
    let last = 0n
    for await (const batch of extract.read(signal)) {
      if (batch.form !== 'columns') continue
      rows += batch.rows
      const hashes = batch.columns[0]
      assert.ok(hashes?.layout === 'fixed' && hashes.values instanceof BigUint64Array)
      assert.ok((hashes.values[0] ?? 0n) >= last)
      last = hashes.values.at(-1) ?? 0n
    }
    assert.equal(rows, 2_000_000)
  }
  assert.deepEqual(await readdir(folder), [])
})

test('a query ends when it has worked longer than it may; waiting for the reader does not count', async () => {
  const limits = { queryTimeoutMs: 200 }
  const slow = 'SELECT count(*) FROM range(1000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 3'
  assert.equal((await errorOf(slow, { context: { limits } })).code, 'duckdb-query-timeout')
  await withExtract('FROM range(100000)', { context: { limits }, batchRows: 30_000 }, async (extract) => {
    for await (const batch of extract.read(signal)) {
      assert.equal(batch.form, 'columns')
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  })
})

test('a path that would run for ever, fill the memory or climb ends at once', async (t) => {
  const folder = await folderOf(t, { 'secret.csv': 'a\n3\n' })
  await mkdir(join(folder, 'in'))
  await writeFile(join(folder, 'in', 'a'.repeat(200)), '')
  const of = (path: string) => ({ config: { folder: join(folder, 'in'), files: { t: { path } } } })
  const refused: Readonly<Record<string, string>> = {
    [`${'a*'.repeat(100)}b`]: 'duckdb-file-missing',
    '{1..100000000}': 'duckdb-file-missing',
    ['{a,b}'.repeat(800)]: 'duckdb-file-invalid',
    '{.,x}./secret.csv': 'duckdb-file-outside',
    '\\../secret.csv': 'duckdb-file-outside',
    '[.][.]/secret.csv': 'duckdb-file-missing',
    '{/etc,x}/passwd': 'duckdb-file-outside',
  }
  for (const [path, code] of Object.entries(refused)) {
    const start = performance.now()
    assert.equal((await errorOf('FROM t', of(path))).code, code, path.slice(0, 40))
    assert.ok(performance.now() - start < 1000, path.slice(0, 40))
  }
})
