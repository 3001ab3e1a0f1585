import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultCsv, isBulkheadError, type ColumnsBatch, type Field } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { writeInt, writeLong, writeWords } from './avro-binary.ts'
import { openResultFile, type ResultFormat } from './result-file.ts'
import { allTypes, field, hardRows } from './testing/all-types.ts'
import { memoryWriter } from './testing/memory-writer.ts'
import { readAvro } from './testing/read-avro.ts'

async function avroOf(
  fields: readonly Field[],
  batches: readonly ColumnsBatch[],
  options: Partial<ResultFormat> = {},
): Promise<Buffer> {
  const writer = memoryWriter()
  const file = await openResultFile({
    format: 'avro',
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

test('keeps the type of every column, with null in a union', async () => {
  const { schema } = await readAvro(await avroOf(allTypes, []))
  const types = schema.fields.map(({ name, type, default: whenAbsent }) => {
    assert.ok(Array.isArray(type) && type[0] === 'null' && type.length === 2 && whenAbsent === null)
    return [name, type[1] as unknown]
  })
  const decimal = (precision: number, scale: number) =>
    ({ type: 'bytes', logicalType: 'decimal', precision, scale }) as const
  assert.deepEqual(Object.fromEntries(types), {
    flag: 'boolean',
    tiny: 'int',
    small: 'int',
    whole: 'int',
    wide: 'long',
    count: 'long',
    huge: decimal(20, 0),
    single: 'float',
    double: 'double',
    price: decimal(20, 4),
    exact: 'string',
    words: 'string',
    bytes: 'bytes',
    day: { type: 'int', logicalType: 'date' },
    local: { type: 'long', logicalType: 'local-timestamp-micros' },
    instant: { type: 'long', logicalType: 'timestamp-micros' },
    document: 'string',
  })
})

test('keeps every value exactly', async () => {
  const { rows } = await readAvro(await avroOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)]))
  const raw = [
    {
      wide: -9_223_372_036_854_775_808n,
      count: 4_294_967_295n,
      huge: '18446744073709551615',
      day: 20_757,
      local: 1_793_434_500_250_000n,
      instant: 1_793_434_500_000_001n,
    },
    {},
    {
      count: 0n,
      huge: '0',
      day: -735_160,
      local: -62_167_219_200_000_000n,
      instant: -62_135_596_800_000_001n,
    },
    { huge: '9007199254740993', day: 2_932_897, local: 9_223_371_244_799_999_999n },
    { instant: -100_000n },
  ]
  assert.deepEqual(
    rows.map((row) => ({
      ...row,
      bytes: row['bytes'] === null ? null : new Uint8Array(row['bytes'] as Buffer),
    })),
    hardRows.map((row, index) => ({ ...row, ...raw[index] })),
  )
})

test('a column that is never null has its type alone', async () => {
  const strict = { ...field('a', { kind: 'text' }), nullable: false }
  const { schema, rows } = await readAvro(await avroOf([strict], [rowsToColumns([{ a: 'x' }], [strict], 1)]))
  assert.deepEqual(schema.fields, [{ name: 'a', type: 'string' }])
  assert.deepEqual(rows, [{ a: 'x' }])
  await assert.rejects(avroOf([strict], [rowsToColumns([{ a: null }], [strict], 1)]), {
    code: 'value-invalid',
  })
})

test('names that Avro cannot have are mapped, and the columns keep theirs beside', async () => {
  const names = ['total (€)', '2nd', '😀', 'ok_1', 'Größe']
  const fields = names.map((name) => field(name, { kind: 'integer', bits: 32 }))
  const { schema } = await readAvro(await avroOf(fields, []))
  assert.deepEqual(
    schema.fields.map(({ name, originalName }) => [name, originalName]),
    [
      ['total____', 'total (€)'],
      ['_2nd', '2nd'],
      ['_', '😀'],
      ['ok_1', undefined],
      ['Gr__e', 'Größe'],
    ],
  )
})

test('refuses columns whose names are the same in Avro, and says which', async () => {
  const cases: [string, string, RegExp][] = [
    ['a', 'a', /two columns named "a"/],
    ['a b', 'a-b', /"a b" and "a-b" would both be "a_b"/],
    ['', '_', /"" and "_" would both be "_"/],
  ]
  for (const [first, second, message] of cases) {
    const fields = [first, second].map((name) => field(name, { kind: 'text' }))
    await assert.rejects(avroOf(fields, []), { code: 'column-duplicate', message })
  }
})

test('refuses what it cannot keep, and names column, row and what to do', async () => {
  const money = field('money', { kind: 'decimal', precision: 6, scale: 2 })
  const cases: [Field, string, RegExp][] = [
    [field('day', { kind: 'date' }), 'infinity', /"day" has an infinite date in row 4/],
    [field('day', { kind: 'date' }), '-infinity', /"day" has an infinite date in row 4/],
    [field('at', { kind: 'timestamp', zoned: true }), '-infinity', /"at" has an infinite timestamp in row 4/],
    [field('at', { kind: 'timestamp', zoned: false }), 'infinity', /"at" has an infinite timestamp in row 4/],
    [money, 'NaN', /"money" has NaN, Infinity or no number in row 4/],
    [money, '1.234', /"money" has a value with more than 2 digits after the point in row 4/],
    [money, '12345.6', /"money" has a value with more than 6 digits in row 4/],
  ]
  for (const [column, text, message] of cases) {
    const loose = column.type.kind === 'decimal' ? { ...column, type: { kind: 'text' } as const } : column
    const batch = (value: string | null): ColumnsBatch =>
      rowsToColumns([{ [column.name]: null }, { [column.name]: value }], [loose], 1)
    await assert.rejects(avroOf([column], [batch(null), batch(text)]), (error) => {
      assert.ok(isBulkheadError(error))
      assert.equal(error.code, 'avro-value-out-of-range')
      assert.match(error.message, message)
      assert.match(error.fix ?? '', /^Cast the column/)
      return true
    })
  }
})

test('refuses text that is not UTF-8, also where two halves of a character make a whole', async () => {
  const text = field('text', { kind: 'text' })
  const batchOf = (
    bytes: readonly number[],
    offsets: readonly number[],
    validity?: number,
  ): ColumnsBatch => ({
    form: 'columns',
    rows: offsets.length - 1,
    columns: [
      {
        layout: 'variable',
        offsets: Int32Array.from(offsets),
        bytes: Uint8Array.from(bytes),
        validity: validity === undefined ? undefined : Uint8Array.of(validity),
      },
    ],
    bytes: bytes.length,
  })
  const refused = { code: 'value-invalid', message: /"text" has a text in row 2 that is not UTF-8/ }
  await assert.rejects(avroOf([text], [batchOf([0x41, 0xff], [0, 1, 2])]), refused)
  await assert.rejects(avroOf([text], [batchOf([0x41, 0xc3, 0xa9], [0, 1, 2, 3])]), refused)
  // Nobody reads what lies where a null is.
  const { rows } = await readAvro(await avroOf([text], [batchOf([0x41, 0xff], [0, 1, 2], 0b01)]))
  assert.deepEqual(rows, [{ text: 'A' }, { text: null }])
})

test('keeps decimals of every precision up to 38 digits, and of larger ones the text', async () => {
  const precisions = [1, 4, 9, 10, 15, 16, 18, 19, 37, 38, 39]
  const fields = precisions.map((precision) =>
    field(`d${precision}`, { kind: 'decimal', precision, scale: precision >> 1 }),
  )
  const value = (precision: number, digit: string): string => {
    const after = precision >> 1
    return `${digit.repeat(precision - after)}${after === 0 ? '' : `.${digit.repeat(after)}`}`
  }
  const rows = ['9', '1'].flatMap((digit) =>
    ['', '-'].map((sign) =>
      Object.fromEntries(precisions.map((precision) => [`d${precision}`, sign + value(precision, digit)])),
    ),
  )
  const found = await readAvro(await avroOf(fields, [rowsToColumns(rows, fields, 1)]))
  assert.deepEqual(found.rows, rows)
  assert.equal(JSON.stringify(found.schema.fields.at(-1)?.type), '["null","string"]')
})

test('writes integers and decimals of every size as a reader of another make reads them', async () => {
  const fields = [
    field('long', { kind: 'integer', bits: 64 }),
    field('int', { kind: 'integer', bits: 32 }),
    field('whole', { kind: 'decimal', precision: 38, scale: 0 }),
  ]
  const most = 10n ** 38n - 1n
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record(
          {
            long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            int: fc.integer(),
            whole: fc.bigInt({ min: -most, max: most }).map(String),
          },
          { noNullPrototype: true },
        ),
        { minLength: 1, maxLength: 50 },
      ),
      async (rows) => {
        const { rows: found } = await readAvro(await avroOf(fields, [rowsToColumns(rows, fields, 1)]))
        assert.deepEqual(found, rows)
      },
    ),
    { numRuns: 100 },
  )
})

test('writes the bytes of the examples in the specification', () => {
  const out = new Uint8Array(20)
  for (const [value, bytes] of [
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [-2, [3]],
    [2, [4]],
    [-64, [0x7f]],
    [64, [0x80, 0x01]],
  ] as const) {
    assert.deepEqual([...out.subarray(0, writeInt(out, 0, value))], bytes)
    assert.deepEqual([...out.subarray(0, writeLong(out, 0, value, value < 0 ? -1 : 0))], bytes)
  }
  // As few bytes as hold the sign, after their number.
  for (const [words, bytes] of [
    [
      [0, 0, 0, 0],
      [2, 0],
    ],
    [
      [0x7f, 0, 0, 0],
      [2, 0x7f],
    ],
    [
      [0x80, 0, 0, 0],
      [4, 0, 0x80],
    ],
    [
      [-1, -1, -1, -1],
      [2, 0xff],
    ],
    [
      [-128, -1, -1, -1],
      [2, 0x80],
    ],
    [
      [-129, -1, -1, -1],
      [4, 0xff, 0x7f],
    ],
  ] as const)
    assert.deepEqual([...out.subarray(0, writeWords(out, 0, Uint32Array.from(words)))], bytes)
})

const numbered = [field('n', { kind: 'integer', bits: 32 }), field('text', { kind: 'text' })]

function manyBatches(count: number, rows: number): ColumnsBatch[] {
  return Array.from({ length: count }, (_, batch) =>
    rowsToColumns(
      Array.from({ length: rows }, (__, row) => ({
        n: batch * rows + row,
        text: row % 3 === 0 ? null : `text ${batch} ${row}`.repeat(10),
      })),
      numbered,
      1,
    ),
  )
}

test('compresses inside the file as asked', async () => {
  for (const [compression, codec] of [
    ['none', 'null'],
    ['gzip', 'deflate'],
    ['zstd', 'zstandard'],
  ] as const) {
    const bytes = await avroOf(numbered, manyBatches(20, 500), { compression })
    const found = await readAvro(bytes)
    assert.equal(found.codec, codec)
    assert.equal(found.rows.length, 10_000)
    assert.deepEqual(found.rows[9_999], { n: 9_999, text: 'text 19 499'.repeat(10) })
    if (compression !== 'none') assert.ok(bytes.length < 150_000, `${bytes.length} bytes`)
  }
})

test('a higher level makes a smaller file', async () => {
  const sizes = await Promise.all(
    [1, 9].map(
      async (compressionLevel) =>
        (await avroOf(numbered, manyBatches(20, 500), { compression: 'gzip', compressionLevel })).length,
    ),
  )
  assert.ok(sizes[1]! < sizes[0]!, String(sizes))
})

test('gathers small batches into blocks of bounded size, and gives a long row one of its own', async () => {
  const blocks = (bytes: Buffer): number => {
    const sync = bytes.subarray(-16)
    let count = -1 // the header has the mark too
    for (let at = bytes.indexOf(sync); at !== -1; at = bytes.indexOf(sync, at + 16)) count++
    return count
  }
  const small = await avroOf(numbered, manyBatches(400, 25))
  assert.ok(blocks(small) >= 3 && blocks(small) <= 8, `${blocks(small)} blocks`)
  const long = rowsToColumns([{ n: 1, text: 'x'.repeat(3_000_000) }], numbered, 1)
  const bytes = await avroOf(numbered, [...manyBatches(1, 3), long, ...manyBatches(1, 3)])
  assert.equal(blocks(bytes), 3)
  const { rows } = await readAvro(bytes)
  assert.deepEqual(
    rows.map(({ text }) => String(text).length),
    [4, 80, 80, 3_000_000, 4, 80, 80],
  )
})

test('an empty result has its columns, and a result without columns its rows', async () => {
  const empty = await readAvro(await avroOf(allTypes, []))
  assert.equal(empty.schema.fields.length, allTypes.length)
  assert.deepEqual(empty.rows, [])
  const bare = await readAvro(await avroOf([], [{ form: 'columns', rows: 3, columns: [], bytes: 0 }]))
  assert.deepEqual(bare.rows, [{}, {}, {}])
})

test('tells what the store said when it fails', async () => {
  const writer = memoryWriter(async () => {
    throw new Error('the bucket is gone')
  })
  const fields = numbered
  const options = { format: 'avro', csv: defaultCsv, compression: 'gzip', ageRecipients: [], fields } as const
  await assert.rejects(openResultFile({ ...options, writer }), { message: 'the bucket is gone' })
})
