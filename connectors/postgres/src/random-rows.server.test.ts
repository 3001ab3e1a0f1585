import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { ColumnsBatch, VariableColumn } from '@bulkhead/connector-sdk'
import { isValid } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { openConnection, readBatches, readBytes, readRequest } from './testing/open-connection.ts'
import { psqlCsv } from './testing/psql.ts'

const database = await createDatabase({ after })
await execute(
  database,
  `CREATE TABLE random_row (
     place integer, flag boolean, small smallint, big bigint, ratio double precision, share real, amount numeric,
     day date, moment timestamp, instant timestamptz, label text, code char(6), doc json, docb jsonb, raw bytea,
     tags text[], id uuid)`,
)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        '"',
        '\\',
        ',',
        '\n',
        '\r',
        '\t',
        '.',
        'N',
        ' ',
        "'",
        '😀',
        'é',
        '\u2028',
        '{',
        '}',
      ),
    }),
  )
  .map((value) => value.replaceAll('\0', ''))
const micros = fc.bigInt({ min: -62_000_000_000_000_000n, max: 250_000_000_000_000_000n })
const digits = fc.string({ unit: fc.constantFrom('0', '1', '5', '9'), minLength: 1, maxLength: 60 })
const row = fc.record({
  flag: nullable(fc.boolean()),
  small: nullable(fc.integer({ min: -32_768, max: 32_767 })),
  big: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
  ratio: nullable(fc.double().map((value) => (Object.is(value, -0) ? '-0' : String(value)))),
  share: nullable(fc.float().map((value) => (Object.is(value, -0) ? '-0' : String(value)))),
  amount: nullable(
    fc.oneof(
      fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '-0.000'),
      fc
        .tuple(fc.constantFrom('', '-'), digits, digits)
        .map(([sign, whole, rest]) => `${sign}${whole}.${rest}`),
      fc.tuple(digits, fc.integer({ min: -80, max: 80 })).map(([whole, exponent]) => `${whole}e${exponent}`),
    ),
  ),
  day: nullable(fc.integer({ min: -2_000_000, max: 10_000_000 }).map((days) => ({ days }))),
  moment: nullable(micros),
  instant: nullable(micros),
  label: nullable(text),
  code: nullable(text.map((value) => Array.from(value).slice(0, 6).join(''))),
  doc: nullable(
    fc
      .json({ maxDepth: 3 })
      .map((json) => JSON.stringify(JSON.parse(json.replaceAll('\\u0000', '')), undefined, 2)),
  ),
  docb: nullable(fc.json({ maxDepth: 3 }).map((json) => json.replaceAll('\\u0000', ''))),
  raw: nullable(fc.uint8Array({ maxLength: 40 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`)),
  tags: nullable(fc.array(nullable(text), { maxLength: 4 })),
  id: nullable(fc.uuid()),
})

it('reads any rows in every form as psql and row_to_json do', async (t) => {
  const seed = Number(process.env['BULKHEAD_TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`BULKHEAD_TEST_SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 20, maxLength: 120 }), async (rows) => {
      await insert(rows)
      const query = 'SELECT * FROM random_row ORDER BY place'
      const [csv] = await psqlCsv(database.url, [query])
      assert.equal((await readBytes(source, readRequest(query))).toString(), csv?.toString())

      const json = await execute(
        database,
        `SET TimeZone = 'UTC'; SELECT row_to_json(r)::text AS json FROM random_row r ORDER BY place`,
      )
      assert.equal(
        (await readBytes(source, readRequest(query, { format: 'jsonl' }))).toString(),
        json.map((each) => `${String(each['json']).replaceAll(/[\r\n]/g, ' ')}\n`).join(''),
      )

      const exact = await execute(
        database,
        'SELECT amount::text, label, docb::text FROM random_row ORDER BY place',
      )
      const read: Record<string, unknown>[] = []
      await readBatches(
        source,
        readRequest('SELECT amount, label, docb FROM random_row ORDER BY place', {
          form: 'columns',
          batchRows: 7,
        }),
        (batch) => {
          const { columns, rows: count } = batch as ColumnsBatch
          for (let index = 0; index < count; index += 1) {
            const [amount, label, docb] = columns.map((column) => valueOf(column as VariableColumn, index))
            read.push({ amount, label, docb })
          }
        },
      )
      assert.deepEqual(
        read,
        exact.map((each) => ({ ...each })),
      )
    }),
    { seed, numRuns: 15, endOnFailure: true },
  )
})

function valueOf(column: VariableColumn, row: number): string | null {
  return isValid(column, row)
    ? Buffer.from(column.bytes.subarray(column.offsets[row], column.offsets[row + 1])).toString()
    : null
}

async function insert(rows: readonly Record<string, unknown>[]): Promise<void> {
  await execute(database, 'TRUNCATE random_row')
  const moment = (value: unknown): string | null =>
    typeof value === 'bigint'
      ? `${value / 86_400_000_000n} days ${(value % 86_400_000_000n) / 1_000_000n} seconds ${value % 1_000_000n} microseconds`
      : null
  const values = rows.map((each, place) => ({
    ...each,
    place,
    day: (each['day'] as { days: number } | null)?.days ?? null,
    moment: moment(each['moment']),
    instant: moment(each['instant']),
  }))
  await execute(
    database,
    `INSERT INTO random_row
     SELECT place, flag, small, big, ratio, share, amount, date '2000-01-01' + day, timestamp '2000-01-01' + moment,
            timestamptz '2000-01-01 00:00+00' + instant, label, code, doc::json, docb::jsonb, raw::bytea, tags, id
     FROM json_to_recordset($1) AS v (
       place integer, flag boolean, small smallint, big bigint, ratio double precision, share real, amount numeric,
       day integer, moment interval, instant interval, label text, code text, doc text, docb text, raw text,
       tags text[], id uuid)`,
    [JSON.stringify(values)],
  )
}

function nullable<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(arbitrary, { freq: 6 })
}
