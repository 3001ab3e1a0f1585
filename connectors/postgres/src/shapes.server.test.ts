import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Batch, ColumnsBatch } from '@bulkhead/connector-sdk'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { never, openConnection, readBatches, readBytes, readRequest } from './testing/open-connection.ts'
import { psqlCsv } from './testing/psql.ts'

const database = await createDatabase({ after })
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

const csv = async (query: string, more = {}): Promise<string> =>
  (await readBytes(source, readRequest(query, more))).toString()
const jsonl = async (query: string, more = {}): Promise<string> => csv(query, { format: 'jsonl', ...more })
const rowsOf = async (query: string, more = {}): Promise<number> =>
  readBatches(source, readRequest(query, more), () => undefined)
const fieldsOf = async (query: string, more = {}): Promise<readonly string[]> => {
  await using extract = await source.prepare(readRequest(query, more), never)
  return extract.fields.map(({ name, sourceType }) => `${name} ${sourceType}`)
}

describe('the shape of a result', () => {
  it('may have no rows', async () => {
    const query = 'SELECT 1 AS a WHERE false'
    assert.equal(await csv(query), '')
    assert.equal(await jsonl(query), '')
    assert.equal(await rowsOf(query, { form: 'columns' }), 0)
    assert.deepEqual(await fieldsOf(query), ['a integer'])
  })
  it('may have no columns', async () => {
    const query = 'SELECT FROM generate_series(1, 3)'
    const [expected] = await psqlCsv(database.url, [query])
    assert.equal(await csv(query), expected?.toString())
    assert.equal(await jsonl(query), '{}\n{}\n{}\n')
    assert.equal(await rowsOf(query, { form: 'columns' }), 3)
    assert.equal(await rowsOf(query, { form: 'columns', maxRows: 2 }), 2)
  })
  it('may have as many columns as a table', async () => {
    const columns = Array.from(
      { length: 1600 },
      (_, index) => `c${index} ${['integer', 'text', 'bit(3)'][index % 3]}`,
    )
    await execute(
      database,
      `CREATE TABLE wide (${columns.join(', ')}); INSERT INTO wide (c0, c1, c1598) VALUES (1, 'x', '101')`,
    )
    await execute(database, `INSERT INTO wide SELECT * FROM wide`)
    const query = 'SELECT * FROM wide'
    const [expected] = await psqlCsv(database.url, [query])
    assert.equal(await csv(query), expected?.toString())
    const [line = ''] = (await jsonl(query)).split('\n')
    assert.equal(Object.keys(JSON.parse(line) as object).length, 1600)
    for (const format of ['csv', 'parquet']) assert.equal(await rowsOf(query, { form: 'columns', format }), 2)
  })
  it('may have a row of 50 MB, and small ones around it', async () => {
    const query = `SELECT i, repeat(CASE i WHEN 3 THEN 'äb"\\' ELSE 'x' END, CASE i WHEN 3 THEN 10000000 ELSE 10 END) AS t FROM generate_series(1, 6) i`
    const large = 'äb"\\'.repeat(10_000_000)
    const sizes: number[] = []
    const lines: string[] = []
    await readBatches(source, readRequest(query, { format: 'jsonl' }), (batch) => {
      assert.equal(batch.form, 'bytes')
      sizes.push(batch.bytes.length)
      lines.push(...Buffer.from(batch.bytes).toString().trimEnd().split('\n'))
    })
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { i: number }).i),
      [1, 2, 3, 4, 5, 6],
    )
    assert.ok((JSON.parse(lines[2] ?? '') as { t: string }).t === large)
    assert.ok(
      sizes.every((size) => size < 1000 || size > 50_000_000),
      'the large row is alone in its batch',
    )
    const [expected] = await psqlCsv(database.url, [query])
    assert.ok(Buffer.from(await csv(query)).equals(expected ?? Buffer.alloc(0)))
    let found = 0
    await readBatches(source, readRequest(query, { form: 'columns' }), (batch) => {
      const [, column] = (batch as ColumnsBatch).columns
      assert.equal(column?.layout, 'variable')
      for (let row = 0; row < (batch as ColumnsBatch).rows; row += 1)
        if ((column.offsets[row + 1] ?? 0) - (column.offsets[row] ?? 0) === Buffer.byteLength(large))
          found += 1
    })
    assert.equal(found, 1)
  })
  it('refuses a row that is larger than the settings allow, and says so', async () => {
    await using small = await openConnection(database, { config: { maxRowSize: '64KiB' } })
    const query = (length: number): string => `SELECT repeat('x', ${length})`
    assert.equal((await readBytes(small, readRequest(query(60_000)))).length, 60_001)
    await assert.rejects(readBytes(small, readRequest(query(70_000))), {
      code: 'postgres-row-too-large',
      path: 'config.maxRowSize',
    })
  })
  it('may name a column twice where the format does not use names', async () => {
    const query = 'SELECT 1 AS a, 2 AS a, 3'
    assert.equal(await csv(query), '1,2,3\n')
    assert.deepEqual(await fieldsOf(query), ['a integer', 'a integer', '?column? integer'])
    for (const more of [
      { format: 'jsonl' },
      { form: 'columns', format: 'jsonl' },
      { form: 'columns', format: 'parquet' },
      { form: 'columns', format: 'avro' },
    ] as const)
      await assert.rejects(fieldsOf(query, more), { code: 'postgres-duplicate-column', path: 'query' })
    for (const format of ['csv', 'xlsx'] as const)
      assert.equal(await rowsOf(query, { form: 'columns', format }), 1)
  })
  it('keeps names of columns whatever they hold', async () => {
    const name = `a "b" , 'c' \t\n\\ é😀 :x $1 ;`
    const query = `SELECT 1 AS "${name.replaceAll('"', '""')}", '{1}'::int[] AS b`
    assert.deepEqual(await fieldsOf(query), [`${name} integer`, 'b integer[]'])
    assert.deepEqual(JSON.parse(await jsonl(query)), { [name]: 1, b: [1] })
  })
  it('describes types with length and precision', async () => {
    const query = `SELECT 1::numeric(12,2) a, 1::numeric b, 'x'::varchar(5) c, 'x'::char(3) d, now() e, '{}'::text[] f, NULL g, 'a'::"char" h, 1::numeric(3,-2) i`
    assert.deepEqual(await fieldsOf(query), [
      'a numeric(12,2)', 'b numeric', 'c character varying(5)', 'd character(3)', 'e timestamp with time zone', 'f text[]',
      'g text', 'h "char"', 'i numeric(3,-2)',
    ]) // prettier-ignore
    await using extract = await source.prepare(readRequest(query, { form: 'columns' }), never)
    assert.deepEqual(extract.fields[0]?.type, { kind: 'decimal', precision: 12, scale: 2 })
    assert.deepEqual(extract.fields[1]?.type, { kind: 'decimal' })
    assert.deepEqual(extract.fields[8]?.type, { kind: 'decimal' })
    assert.equal(extract.consistency, 'snapshot')
  })
})

describe('batches', () => {
  const query = `SELECT i, 'text ' || i AS t FROM generate_series(1, 5000) i`
  const batchesOf = async (more: object): Promise<{ rows: number; bytes: number }[]> => {
    const seen: { rows: number; bytes: number }[] = []
    await readBatches(source, readRequest(query, more), (batch: Batch) => {
      if (batch.form === 'bytes') seen.push({ rows: batch.rows ?? 0, bytes: batch.bytes.length })
      if (batch.form === 'columns') seen.push({ rows: batch.rows, bytes: batch.bytes })
    })
    return seen
  }
  for (const more of [{ format: 'csv' }, { format: 'jsonl' }, { form: 'columns', format: 'csv' }]) {
    it(`keep to their bounds as ${JSON.stringify(more)}`, async () => {
      const byRows = await batchesOf({ ...more, batchRows: 300, batchBytes: 10_000_000 })
      assert.deepEqual(
        byRows.map(({ rows }) => rows),
        [...Array.from({ length: 16 }, () => 300), 200],
      )
      const byBytes = await batchesOf({ ...more, batchRows: 65_536, batchBytes: 5000 })
      assert.equal(
        byBytes.reduce((sum, { rows }) => sum + rows, 0),
        5000,
      )
      assert.ok(byBytes.length > 10 && byBytes.every(({ bytes }) => bytes <= 5000))
      assert.equal((await batchesOf({ ...more, batchRows: 1, batchBytes: 1 })).length, 5000)
    })
    it(`end at the most rows that are wanted as ${JSON.stringify(more)}`, async () => {
      for (const maxRows of [0, 1, 4999, 5000, 6000])
        assert.equal(await rowsOf(query, { ...more, maxRows }), Math.min(maxRows, 5000))
    })
  }

  it('keep little memory when one column after the other needs much', async () => {
    const columns = Array.from(
      { length: 200 },
      (_, index) => `CASE i WHEN ${index} THEN large END AS c${index}`,
    )
    const wide = `SELECT ${columns.join(', ')} FROM generate_series(0, 199) i, (SELECT repeat('x', 900000) AS large) l`
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    let most = 0
    let batches = 0
    collectGarbage()
    const before = process.memoryUsage().external
    await readBatches(source, readRequest(wide, { form: 'columns', batchBytes: 1024 * 1024 }), () => {
      batches += 1
      if (batches % 20 !== 0) return
      collectGarbage()
      most = Math.max(most, process.memoryUsage().external - before)
    })
    assert.equal(batches, 200)
    assert.ok(most < 100 * 1024 * 1024, `${most} bytes`)
  })
})

describe('options of CSV', () => {
  const query = `SELECT * FROM (VALUES ('a,b', '', NULL), ('a;b', 'NULL', 'x'), ('"', E'a\\tb', E'l\\n'), ('\\N', 'a b', '''')) v (a, b, c)`
  const variants: readonly [options: object, psql: string][] = [
    [{ delimiter: ';' }, `delimiter ';'`],
    [{ delimiter: '\t' }, `delimiter E'\\t'`],
    [{ delimiter: ' ' }, `delimiter ' '`],
    [{ delimiter: "'" }, `delimiter ''''`],
    [{ delimiter: '\x01' }, `delimiter E'\\x01'`],
    [{ nullText: 'NULL' }, `null 'NULL'`],
    [{ nullText: '\\N' }, `null '\\N'`],
    [{ nullText: "it's" }, `null 'it''s'`],
    [{ quote: 'all' }, 'force quote *'],
    [{ quote: 'all', nullText: 'NULL', delimiter: '|' }, `force quote * null 'NULL' delimiter '|'`],
  ]
  for (const [options, psql] of variants)
    it(`write what psql writes with ${psql}`, async () => {
      await execute(database, `CREATE OR REPLACE VIEW odd AS ${query}`)
      const [expected] = await psqlCsv(database.url, ['SELECT * FROM odd'], psql)
      assert.equal(await csv('SELECT * FROM odd', { csv: options }), expected?.toString())
    })
  it('refuse what the server cannot write', async () => {
    for (const [options, path] of [
      [{ delimiter: '¦' }, 'output.csv.delimiter'],
      [{ nullText: 'a,b' }, 'output.csv.nullText'],
    ] as const)
      await assert.rejects(csv('SELECT 1', { csv: options }), { code: 'postgres-csv-option', path })
  })
  it('write a single column as psql does, where a line of its own could mean something else', async () => {
    await execute(
      database,
      `CREATE VIEW single AS SELECT * FROM (VALUES ('\\.'), (''), (NULL), (' '), ('\\N'), ('"')) v (a)`,
    )
    const [expected] = await psqlCsv(database.url, ['SELECT * FROM single'])
    assert.equal(await csv('SELECT * FROM single'), expected?.toString())
  })
})

describe('values that columns cannot hold', () => {
  it('are refused and not turned into something else', async () => {
    const query = `SELECT timestamp '294276-12-31 23:59:59.999999' AS "when"`
    await assert.rejects(rowsOf(query, { form: 'columns' }), { code: 'postgres-timestamp-out-of-range' })
    assert.equal(await csv(query), '294276-12-31 23:59:59.999999\n')
    assert.equal(await rowsOf(`SELECT timestamp '294247-01-10 04:00:54.775806'`, { form: 'columns' }), 1)
    await assert.rejects(rowsOf(`SELECT timestamp '294247-01-10 04:00:54.775807'`, { form: 'columns' }), {
      code: 'postgres-timestamp-out-of-range',
    })
  })
})

describe('the session', () => {
  it('reads and writes zoned timestamps in the zone of the settings', async () => {
    await using elsewhere = await openConnection(database, { config: { timeZone: 'Asia/Kathmandu' } })
    const query = `SELECT timestamptz '2026-10-31 08:15:00+00' AS t, timestamptz '2026-10-31 08:15' = timestamptz '2026-10-31 02:30:00+00' AS same`
    assert.equal((await readBytes(elsewhere, readRequest(query))).toString(), '2026-10-31 14:00:00+05:45,t\n')
    assert.equal(
      (await readBytes(elsewhere, readRequest(query, { format: 'jsonl' }))).toString(),
      '{"t":"2026-10-31T14:00:00+05:45","same":true}\n',
    )
    assert.equal(await csv(query), '2026-10-31 08:15:00+00,f\n')
  })
  it('leaves zoned timestamps in UTC, and arrays as JSON, where the format is no text', async () => {
    await using elsewhere = await openConnection(database, { config: { timeZone: 'Asia/Kathmandu' } })
    const kinds = async (format: 'csv' | 'jsonl' | 'parquet' | 'avro' | 'xlsx'): Promise<string[]> => {
      const read = readRequest(`SELECT now(), '{1}'::int[]`, { form: 'columns', format })
      await using extract = await elsewhere.prepare(read, never)
      return extract.fields.map(({ type }) => type.kind)
    }
    assert.deepEqual(await kinds('csv'), ['text', 'text'])
    assert.deepEqual(await kinds('jsonl'), ['json', 'json'])
    for (const format of ['parquet', 'avro', 'xlsx'] as const)
      assert.deepEqual(await kinds(format), ['timestamp', 'json'], format)
  })
  it('writes the same whatever database and role have set', async () => {
    const query = `SELECT timestamptz '2026-10-31 08:15:00+00', interval '1 day 2 hours', '\\x00ff'::bytea, 0.1::float8 + 0.2, 'a\\b'`
    const usual = await csv(query)
    for (const setting of [
      "DateStyle = 'SQL, DMY'",
      "IntervalStyle = 'iso_8601'",
      "bytea_output = 'escape'",
      'extra_float_digits = 0',
      "TimeZone = 'Asia/Tokyo'",
      'standard_conforming_strings = off',
      "client_encoding = 'LATIN1'",
    ])
      await execute(database, `ALTER DATABASE ${database.database} SET ${setting}`)
    await using other = await openConnection(database)
    assert.equal((await readBytes(other, readRequest(query))).toString(), usual)
    await execute(database, `ALTER DATABASE ${database.database} RESET ALL`)
  })
  it('looks names up in the schemas of the settings', async () => {
    await execute(database, `CREATE SCHEMA "My, ""schema"; CREATE TABLE "My, ""schema".only_there (a int)`)
    await using other = await openConnection(database, { config: { searchPath: ['My, "schema', 'public'] } })
    assert.equal((await readBytes(other, readRequest('SELECT count(*) FROM only_there'))).toString(), '0\n')
    await assert.rejects(csv('SELECT count(*) FROM only_there'), { code: 'postgres-query-invalid' })
  })
  it('sees one moment, from the preparation to the end', async () => {
    await execute(database, 'CREATE TABLE growing AS SELECT 1 AS a')
    await using extract = await source.prepare(readRequest('SELECT * FROM growing'), never)
    await execute(database, 'INSERT INTO growing VALUES (2)')
    let rows = 0
    for await (const batch of extract.read(never)) rows += Number(batch.rows)
    assert.equal(rows, 1)
  })
  it('warns of a database without encoding', async () => {
    await execute(
      database,
      `CREATE DATABASE ${database.database}_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
    )
    const warnings: string[] = []
    {
      await using other = await openConnection(
        { ...database, database: `${database.database}_ascii` },
        { warnings },
      )
      assert.equal((await readBytes(other, readRequest('SELECT 1'))).toString(), '1\n')
    }
    assert.match(warnings.join(), /SQL_ASCII/)
    await execute(database, `DROP DATABASE ${database.database}_ascii WITH (FORCE)`)
  })
})
