import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { defaultCsv, type CsvOptions, type Field, type Row } from '@bulkhead/connector-sdk'
import { createDatabase, execute, type TestDatabase } from '../../../../test/support/postgres.ts'
import { dateText, timestampText } from '../transform/calendar.ts'
import { openResultFile } from './result-file.ts'
import { allTypes, field, hardRows, infiniteRows } from './testing/all-types.ts'
import { memoryWriter } from './testing/memory-writer.ts'

/** The same rows as PostgreSQL writes them and as this room does: equal to the byte, or the test names the first difference. */

const run = promisify(execFile)

/** PostgreSQL has no unsigned numbers and none of 8 bits. */
const typeNames: Readonly<Record<string, string>> = {
  flag: 'boolean',
  small: 'int2',
  whole: 'int4',
  wide: 'int8',
  single: 'float4',
  double: 'float8',
  price: 'numeric(20,4)',
  exact: 'numeric',
  words: 'text',
  bytes: 'bytea',
  day: 'date',
  local: 'timestamp',
  instant: 'timestamptz',
  document: 'json',
}
const fields = allTypes.filter(({ name }) => name in typeNames)

async function fill(database: TestDatabase, rows: readonly Row[]): Promise<void> {
  const columns = fields.map(({ name }, index) => `${name}::${typeNames[name]}`.replace(name, `c${index}`))
  await execute(
    database,
    `CREATE TABLE t (${['place int', ...fields.map(({ name }) => `${name} ${typeNames[name]}`)].join(', ')});`,
  )
  const values = fields.map(({ name }) => rows.map((row) => literal(row[name] ?? null)))
  const given = fields.map((_, index) => `$${index + 1}::text[]`).join(', ')
  await execute(
    database,
    `INSERT INTO t SELECT place, ${columns.join(', ')}
     FROM unnest(${given}) WITH ORDINALITY AS given (${fields.map((_, index) => `c${index}`).join(', ')}, place)`,
    values,
  )
}

function literal(value: Row[string]): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Object.is(value, -0)) return '-0'
  return String(value)
}

async function copyOut(database: TestDatabase, query: string, options: string): Promise<string> {
  const statement = `\\copy (${query}) to stdout with (${options})`
  const env = { ...process.env, PGTZ: 'UTC', PGCLIENTENCODING: 'UTF8' }
  const { stdout } = await run('psql', [database.url, '-X', '-q', '-c', statement], {
    env,
    maxBuffer: 2 ** 28,
  })
  return stdout
}

async function ours(
  format: 'csv' | 'jsonl',
  rows: readonly Row[],
  csv: Partial<CsvOptions> = {},
): Promise<string> {
  const writer = memoryWriter()
  const file = await openResultFile({
    format,
    csv: { ...defaultCsv, ...csv },
    compression: 'none',
    ageRecipients: [],
    fields,
    writer,
  })
  await file.write({
    form: 'rows',
    rows: rows.map((row) => Object.fromEntries(fields.map(({ name }) => [name, row[name] ?? null]))),
  })
  return (await file.finish()).toString()
}

const names = fields.map(({ name }) => name).join(', ')
const select = `select ${names} from t order by place`

/** Any value of each type that PostgreSQL can hold. */
const anyRow = fc.record({
  flag: fc.option(fc.boolean()),
  small: fc.option(fc.integer({ min: -32_768, max: 32_767 })),
  whole: fc.option(fc.integer()),
  wide: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  single: fc.option(fc.float()),
  double: fc.option(fc.double()),
  price: fc.option(
    fc.integer().map((value) => `${value}.${String(value).slice(-4).padStart(4, '0').replace('-', '0')}`),
  ),
  exact: fc.option(fc.tuple(fc.bigInt(), fc.nat(30)).map(([value, scale]) => decimal(value, scale))),
  words: fc.option(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))),
  bytes: fc.option(fc.uint8Array()),
  day: fc.option(fc.integer({ min: -2_440_000, max: 2_145_000_000 }).map(dateText)),
  local: fc.option(
    fc
      .bigInt({ min: -210_000_000_000_000_000n, max: 9_220_000_000_000_000_000n })
      .map((micros) => timestampText(micros, false)),
  ),
  instant: fc.option(
    fc
      .bigInt({ min: -210_000_000_000_000_000n, max: 9_220_000_000_000_000_000n })
      .map((micros) => timestampText(micros, true)),
  ),
  document: fc.option(
    fc
      .jsonValue({ noUnicodeString: false } as object)
      .map((value) => JSON.stringify(value).replaceAll('\\u0000', '')),
  ),
})

function decimal(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

test('writes CSV and JSON Lines as PostgreSQL does, for any rows', async (t) => {
  const seed = randomInt(2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const rows: Row[] = [
    ...hardRows.map((row) => ({ ...row, price: row['price'] ?? null })),
    ...infiniteRows,
    ...fc.sample(anyRow, { numRuns: 2_000, seed }),
  ]
  const database = await createDatabase(t)
  await fill(database, rows)
  assert.deepEqual(
    (await ours('csv', rows)).split('\n'),
    (await copyOut(database, select, 'format csv, header')).split('\n'),
  )
  assertSame(
    await ours('csv', rows, { delimiter: ';', nullText: 'NULL', quote: 'all', header: false }),
    await copyOut(database, select, "format csv, delimiter ';', null 'NULL', force_quote *"),
  )
  // A delimiter and a null text that numbers and dates can hold.
  assertSame(
    await ours('csv', rows, { delimiter: '-', nullText: '0' }),
    await copyOut(database, select, "format csv, header, delimiter '-', null '0'"),
  )
  const lines = await execute(database, `select row_to_json(r)::text as line from (${select}) r`)
  // Line breaks between the tokens of JSON values are the one difference.
  const expected = lines.map(({ line }) => (line as string).replaceAll(/[\r\n]/g, ' '))
  assertSame(await ours('jsonl', rows), `${expected.join('\n')}\n`)
})

/** Equal to the byte; else the first difference, and not two thousand lines. */
function assertSame(actual: string, expected: string): void {
  let at = 0
  while (at < expected.length && actual[at] === expected[at]) at++
  const from = Math.max(0, at - 60)
  assert.equal(actual.slice(from, at + 60), expected.slice(from, at + 60))
  assert.equal(actual.length, expected.length)
}

test('writes a table of one column as PostgreSQL does', async (t) => {
  const word: Field[] = [field('null', { kind: 'text' })]
  const texts = ['\\.', '', 'null', 'NULL', ' ', '\\', '"', 'a"b', '\r', '\n', null]
  const database = await createDatabase(t)
  await execute(database, `create table t (place serial, "null" text)`)
  await execute(database, `insert into t ("null") select unnest($1::text[])`, [texts])
  for (const nullText of ['', 'null', '\\.']) {
    const writer = memoryWriter()
    const file = await openResultFile({
      format: 'csv',
      csv: { ...defaultCsv, nullText },
      compression: 'none',
      ageRecipients: [],
      fields: word,
      writer,
    })
    await file.write({ form: 'rows', rows: texts.map((text) => ({ null: text })) })
    assert.equal(
      (await file.finish()).toString(),
      await copyOut(
        database,
        'select "null" from t order by place',
        `format csv, header, null '${nullText}'`,
      ),
    )
  }
})

test('counts days and microseconds as PostgreSQL does', async (t) => {
  const days = fc.sample(fc.integer({ min: -2_440_000, max: 2_145_000_000 }), 1_000)
  const micros = fc.sample(
    fc.bigInt({ min: -210_000_000_000_000_000n, max: 9_220_000_000_000_000_000n }),
    1_000,
  )
  const database = await createDatabase(t)
  const rows = await execute(
    database,
    `select (date '1970-01-01' + d)::text as day,
            (timestamp '1970-01-01' + (m / 86400000000) * interval '1 day' + (m % 86400000000) * interval '1 microsecond')::text as moment
     from unnest($1::int[], $2::bigint[]) with ordinality as given (d, m, place) order by place`,
    [days, micros.map(String)],
  )
  for (const [index, row] of rows.entries()) {
    assert.equal(dateText(days[index]!), row['day'])
    assert.equal(timestampText(micros[index]!, false), row['moment'])
  }
})
