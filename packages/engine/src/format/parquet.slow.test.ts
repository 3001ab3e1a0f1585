import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { defaultCsv, isBulkheadError, type ColumnsBatch, type Field, type Row } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { openResultFile, type ResultFormat } from './result-file.ts'
import { allTypes, field, hardRows } from './testing/all-types.ts'
import { memoryWriter } from './testing/memory-writer.ts'

async function parquetOf(
  fields: readonly Field[],
  batches: readonly ColumnsBatch[],
  options: Partial<ResultFormat> = {},
): Promise<Buffer> {
  const writer = memoryWriter()
  const file = await openResultFile({
    format: 'parquet',
    csv: defaultCsv,
    compression: 'none',
    ageRecipients: [],
    fields,
    writer,
    ...options,
  })
  for (const batch of batches) await file.write(batch)
  return file.finish()
}

function metadataOf(bytes: Buffer): ReturnType<typeof parquetMetadata> {
  return parquetMetadata(new Uint8Array(bytes).buffer)
}

/** What DuckDB, a reader of another make, finds in the file. */
async function duckdb(
  t: TestContext,
  bytes: Buffer,
  sql: string,
): Promise<readonly Record<string, unknown>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-parquet-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'result.parquet')
  await writeFile(path, bytes)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  t.after(() => {
    connection.closeSync()
    instance.closeSync()
  })
  const reader = await connection.runAndReadAll(sql.replace('FILE', `'${path}'`))
  return reader.getRowObjectsJson()
}

const types = `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM FILE)`

test('keeps the type of every column', async (t) => {
  const bytes = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)])
  const found = await duckdb(t, bytes, types)
  assert.deepEqual(Object.fromEntries(found.map((row) => [row['column_name'], row['column_type']])), {
    flag: 'BOOLEAN',
    tiny: 'TINYINT',
    small: 'SMALLINT',
    whole: 'INTEGER',
    wide: 'BIGINT',
    count: 'UINTEGER',
    huge: 'UBIGINT',
    single: 'FLOAT',
    double: 'DOUBLE',
    price: 'DECIMAL(20,4)',
    // Parquet has no decimal without bounds.
    exact: 'VARCHAR',
    words: 'VARCHAR',
    bytes: 'BLOB',
    day: 'DATE',
    local: 'TIMESTAMP',
    instant: 'TIMESTAMP WITH TIME ZONE',
    document: 'VARCHAR',
  })
})

test('keeps every value exactly', async (t) => {
  const bytes = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)], { compression: 'zstd' })
  // What DuckDB can write as text in the same way; the rest is compared through its own numbers.
  const found = await duckdb(
    t,
    bytes,
    `SELECT flag, tiny, small, whole, wide::text AS wide, count, huge::text AS huge, single, double, price::text AS price,
       exact, words, hex(bytes) AS bytes, day - DATE '1970-01-01' AS day, epoch_us(local)::text AS local,
       epoch_us(instant)::text AS instant, document FROM FILE`,
  )
  assert.deepEqual(
    found.map((row) => ({
      ...row,
      single: Math.fround(Number(row['single'])),
      day: row['day'] === null ? null : Number(row['day']),
    })),
    [
      {
        ...hardRows[0],
        wide: '-9223372036854775808',
        huge: '18446744073709551615',
        bytes: '00FF10',
        day: 20_757,
        local: '1793434500250000',
        instant: '1793434500000001',
      },
      { ...hardRows[1], single: 0 },
      {
        ...hardRows[2],
        wide: '9223372036854775807',
        huge: '0',
        bytes: '',
        day: -735_160,
        local: '-62167219200000000',
        instant: '-62135596800000001',
      },
      {
        ...hardRows[3],
        wide: '9007199254740993',
        huge: '9007199254740993',
        day: 2_932_897,
        local: '9223371244799999999',
      },
      { ...hardRows[4], instant: '-100000' },
    ],
  )
})

test('is read by another reader in the same way', async () => {
  const bytes = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)])
  const [row] = (await parquetReadObjects({ file: new Uint8Array(bytes).buffer, utf8: false })) as Row[]
  assert.equal(row!['wide'], -9_223_372_036_854_775_808n)
  assert.equal(row!['words'], 'plain')
  assert.equal(row!['exact'], hardRows[0]!['exact'])
  assert.deepEqual([...(row!['bytes'] as Uint8Array)], [0, 255, 16])
})

test('keeps decimals of every precision up to 38 digits', async (t) => {
  const precisions = [1, 4, 9, 10, 15, 16, 18, 19, 37, 38]
  const fields = precisions.map((precision) =>
    field(`d${precision}`, { kind: 'decimal', precision, scale: precision >> 1 }),
  )
  const value = (precision: number, digit: string): string => {
    const after = precision >> 1
    return `${digit.repeat(precision - after)}${after === 0 ? '' : `.${digit.repeat(after)}`}`
  }
  const rows = [
    Object.fromEntries(precisions.map((precision) => [`d${precision}`, value(precision, '9')])),
    Object.fromEntries(precisions.map((precision) => [`d${precision}`, `-${value(precision, '9')}`])),
    Object.fromEntries(precisions.map((precision) => [`d${precision}`, value(precision, '1')])),
    Object.fromEntries(precisions.map((precision) => [`d${precision}`, null])),
  ]
  const bytes = await parquetOf(fields, [rowsToColumns(rows, fields, 1)])
  const columns = precisions.map((precision) => `d${precision}::text AS d${precision}`).join(', ')
  assert.deepEqual(await duckdb(t, bytes, `SELECT ${columns} FROM FILE`), rows)
})

test('keeps decimals whose scale lies outside their precision, as PostgreSQL allows', async (t) => {
  const fields = [
    field('rounded', { kind: 'decimal', precision: 3, scale: -2 }),
    field('tiny', { kind: 'decimal', precision: 2, scale: 5 }),
  ]
  const batch = rowsToColumns([{ rounded: '12300', tiny: '0.00012' }], fields, 1)
  const found = await duckdb(
    t,
    await parquetOf(fields, [batch]),
    'SELECT rounded::text AS a, tiny::text AS b FROM FILE',
  )
  assert.deepEqual(found, [{ a: '12300', b: '.00012' }])
})

test('refuses what it cannot keep, and names column, row and what to do', async () => {
  const money = field('money', { kind: 'decimal', precision: 6, scale: 2 })
  const cases: [Field, string, RegExp][] = [
    [field('day', { kind: 'date' }), 'infinity', /"day" has an infinite date in row 2/],
    [field('at', { kind: 'timestamp', zoned: true }), '-infinity', /"at" has an infinite timestamp in row 2/],
    [field('at', { kind: 'timestamp', zoned: false }), 'infinity', /"at" has an infinite timestamp in row 2/],
    [money, 'NaN', /"money" has NaN, Infinity or no number in row 2/],
    [money, '-Infinity', /"money" has NaN, Infinity or no number in row 2/],
    [money, '1.234', /"money" has a value with more than 2 digits after the point in row 2/],
    [money, '12345.6', /"money" has a value with more than 6 digits in row 2/],
    [money, '123456789012345678901234567890', /"money" has a value with more than 6 digits in row 2/],
  ]
  for (const [column, text, message] of cases) {
    const batch = rowsOfText(column, [null, text])
    await assert.rejects(parquetOf([column], [batch]), (error) => {
      assert.ok(isBulkheadError(error))
      assert.equal(error.code, 'parquet-value-out-of-range')
      assert.match(error.message, message)
      assert.match(error.fix ?? '', /^Cast the column/)
      return true
    })
  }
})

/** A source's batch: what rows of the application's code could not hold. */
function rowsOfText(column: Field, texts: readonly (string | null)[]): ColumnsBatch {
  const loose = column.type.kind === 'decimal' ? { ...column, type: { kind: 'text' } as const } : column
  return rowsToColumns(
    texts.map((text) => ({ [column.name]: text })),
    [loose],
    1,
  )
}

test('keeps a zero with a sign and more zeros than its scale', async (t) => {
  const count = field('count', { kind: 'decimal', precision: 5, scale: 0 })
  const bytes = await parquetOf([count], [rowsOfText(count, ['-0.0', '+0.00', '-00.000', '-0'])])
  const found = await duckdb(t, bytes, 'SELECT count::text AS n FROM FILE')
  assert.deepEqual(
    found.map(({ n }) => n),
    ['0', '0', '0', '0'],
  )
})

test('keeps a decimal with more zeros than its scale, and with an exponent', async (t) => {
  const money = field('money', { kind: 'decimal', precision: 20, scale: 2 })
  const texts = ['1.5000', '2E+3', '-15e-1', '+7', '00001.10', '-0.00', '12345678901234567.89000', '.5']
  const found = await duckdb(
    t,
    await parquetOf([money], [rowsOfText(money, texts)]),
    'SELECT money::text AS m FROM FILE',
  )
  assert.deepEqual(
    found.map(({ m }) => m),
    ['1.50', '2000.00', '-1.50', '7.00', '1.10', '0.00', '12345678901234567.89', '0.50'],
  )
})

test('writes an empty result as a valid file with its columns', async (t) => {
  const bytes = await parquetOf(allTypes, [])
  assert.equal(metadataOf(bytes).num_rows, 0n)
  assert.equal((await duckdb(t, bytes, types)).length, allTypes.length)
  assert.deepEqual(await duckdb(t, bytes, 'SELECT * FROM FILE'), [])
})

test('puts many batches into row groups of bounded size', async (t) => {
  const fields = [field('n', { kind: 'integer', bits: 32 }), field('text', { kind: 'text' })]
  const batches = Array.from({ length: 25 }, (_, batch) =>
    rowsToColumns(
      Array.from({ length: 400 }, (_, row) => ({
        n: batch * 400 + row,
        text: row % 3 === 0 ? null : `text ${batch} ${row}`,
      })),
      fields,
      1,
    ),
  )
  const bytes = await parquetOf(fields, batches, { rowGroup: { rows: 3_000, bytes: 2 ** 25 } })
  assert.deepEqual(
    metadataOf(bytes).row_groups.map((group) => Number(group.num_rows)),
    [3_000, 3_000, 3_000, 1_000],
  )
  const [sums] = await duckdb(
    t,
    bytes,
    'SELECT count(*)::int AS c, sum(n)::int AS s, count(text)::int AS t FROM FILE',
  )
  assert.deepEqual(sums, { c: 10_000, s: 49_995_000, t: 25 * 266 })
})

test('ends a row group by bytes too, so that long values do not grow memory', async () => {
  const fields = [field('text', { kind: 'text' })]
  const batches = Array.from({ length: 12 }, (_, batch) =>
    rowsToColumns(
      Array.from({ length: 10 }, (_, row) => ({ text: `${batch}${row}`.repeat(50_000) })),
      fields,
      1,
    ),
  )
  const bytes = await parquetOf(fields, batches, { rowGroup: { rows: 100_000, bytes: 2 ** 20 } })
  const groups = metadataOf(bytes).row_groups
  assert.ok(groups.length >= 8, `${groups.length} row groups`)
  assert.equal(
    groups.reduce((sum, group) => sum + Number(group.num_rows), 0),
    120,
  )
})

test('writes hundreds of columns, and a text of many megabytes', async (t) => {
  const fields = Array.from({ length: 500 }, (_, index) => field(`c${index}`, { kind: 'text' }))
  const row = Object.fromEntries(fields.map(({ name }) => [name, name]))
  const bytes = await parquetOf(fields, [
    rowsToColumns([{ ...row, c7: 'long'.repeat(4_000_000) }], fields, 1),
  ])
  const [found] = await duckdb(t, bytes, 'SELECT length(c7)::int AS l, c499 FROM FILE')
  assert.deepEqual(found, { l: 16_000_000, c499: 'c499' })
})

test('compresses inside the file as asked', async () => {
  for (const [compression, codec] of [
    ['none', 'UNCOMPRESSED'],
    ['gzip', 'GZIP'],
    ['zstd', 'ZSTD'],
  ] as const) {
    const bytes = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)], { compression })
    assert.equal(metadataOf(bytes).row_groups[0]!.columns[0]!.meta_data!.codec, codec)
  }
})

test('refuses two columns of one name, and a result without columns', async () => {
  const twice = [field('a', { kind: 'text' }), field('a', { kind: 'text' })]
  await assert.rejects(parquetOf(twice, []), { code: 'column-duplicate' })
  await assert.rejects(parquetOf([], []), { code: 'output-unsupported' })
})

test('refuses a null in a column that was promised to have none', async () => {
  const strict = { ...field('a', { kind: 'text' }), nullable: false }
  await assert.rejects(parquetOf([strict], [rowsToColumns([{ a: null }], [strict], 1)]), {
    code: 'value-invalid',
  })
})

test('refuses text that is not UTF-8', async () => {
  const text = field('text', { kind: 'text' })
  const batch: ColumnsBatch = {
    form: 'columns',
    rows: 1,
    columns: [
      {
        layout: 'variable',
        offsets: Int32Array.of(0, 2),
        bytes: Uint8Array.of(0xff, 0x41),
        validity: undefined,
      },
    ],
    bytes: 2,
  }
  await assert.rejects(parquetOf([text], [batch]), { code: 'value-invalid' })
})

test('writes several files at the same time', async () => {
  const whole = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)])
  const files = await Promise.all(
    Array.from({ length: 4 }, () => parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)])),
  )
  for (const file of files) assert.deepEqual(file, whole)
})

test('gives up half-way, and the next file is whole', async () => {
  const writer = memoryWriter()
  const options = {
    format: 'parquet',
    csv: defaultCsv,
    compression: 'zstd',
    ageRecipients: [],
    fields: allTypes,
  } as const
  const file = await openResultFile({ ...options, writer })
  await file.write(rowsToColumns(hardRows, allTypes, 1))
  await file.abort()
  assert.equal(writer.state, 'aborted')
  const bytes = await parquetOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)])
  assert.equal(metadataOf(bytes).num_rows, 5n)
})

test('tells what the store said when it fails', async () => {
  const writer = memoryWriter(async () => {
    throw new Error('the bucket is gone')
  })
  const file = await openResultFile({
    format: 'parquet',
    csv: defaultCsv,
    compression: 'none',
    ageRecipients: [],
    fields: allTypes,
    writer,
    rowGroup: { rows: 5, bytes: 2 ** 25 },
  })
  const batch = rowsToColumns(hardRows, allTypes, 1)
  await assert.rejects(
    async () => {
      for (let turn = 0; turn < 50; turn++) await file.write(batch)
    },
    { message: 'the bucket is gone' },
  )
  await file.abort()
})
