import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import readWorkbook from 'read-excel-file/node'
import { defaultCsv, isBulkheadError, type ColumnsBatch, type Field, type Row } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { mostSheetRows } from './file-format.ts'
import { openResultFile, type ResultFormat } from './result-file.ts'
import { allTypes, field, hardRows, infiniteRows } from './testing/all-types.ts'
import { memoryWriter } from './testing/memory-writer.ts'
import { sheetMoment } from './xlsx-numbers.ts'
import { columnName } from './xlsx-rows.ts'

async function xlsxOf(
  fields: readonly Field[],
  batches: readonly ColumnsBatch[],
  options: Partial<ResultFormat> = {},
): Promise<Buffer> {
  const writer = memoryWriter()
  const file = await openResultFile({
    format: 'xlsx',
    csv: defaultCsv,
    compression: 'gzip',
    ageRecipients: [],
    fields,
    writer,
    ...options,
  })
  for (const batch of batches) await file.write(batch)
  return file.finish()
}

/** The rows as a reader of another make finds them, the one with the names first. Empty text is null to it. */
async function read(bytes: Buffer): Promise<readonly (readonly unknown[])[]> {
  const [sheet] = await readWorkbook(bytes, { trim: false })
  assert.equal(sheet?.sheet, 'Result')
  return sheet.data
}

/** The sheet itself, of an archive that is not compressed. */
async function sheetXml(fields: readonly Field[], rows: readonly Row[]): Promise<string> {
  const bytes = await xlsxOf(fields, [rowsToColumns(rows, fields, 1)], { compression: 'none' })
  const text = bytes.toString()
  const from = text.indexOf('<sheetData>')
  return text.slice(from, text.indexOf('</sheetData>', from))
}

test('keeps every value: as number, date or truth where Excel shows all of it, else as text', async () => {
  const [names, ...rows] = await read(await xlsxOf(allTypes, [rowsToColumns(hardRows, allTypes, 1)]))
  assert.deepEqual(
    names,
    allTypes.map(({ name }) => name),
  )
  const found = rows.map((row) => Object.fromEntries(allTypes.map(({ name }, index) => [name, row[index]])))
  assert.deepEqual(found, [
    {
      ...hardRows[0],
      wide: '-9223372036854775808',
      huge: '18446744073709551615',
      single: 0.1,
      bytes: String.raw`\x00ff10`,
      day: new Date('2026-10-31'),
      local: new Date('2026-10-31T08:15:00.250Z'),
      instant: new Date('2026-10-31T08:15:00Z'),
    },
    hardRows[1],
    {
      ...hardRows[2],
      wide: '9223372036854775807',
      huge: 0,
      single: -1.5e-10,
      price: -0.0001,
      exact: 0.1,
      words: null,
      bytes: String.raw`\x`,
    },
    { ...hardRows[3], wide: '9007199254740993', huge: '9007199254740993' },
    { ...hardRows[4], instant: found[4]!['instant'] },
  ])
  const infinite = await read(await xlsxOf(allTypes, [rowsToColumns(infiniteRows, allTypes, 1)]))
  assert.deepEqual(
    infinite.slice(1).map((row) => row.filter((value) => value !== null)),
    [
      ['NaN', 'Infinity', 'NaN', 'infinity', '-infinity', 'infinity'],
      ['-Infinity', 'NaN', '-Infinity', '-infinity'],
    ],
  )
})

test('a number has at most fifteen digits, which is what Excel shows', async () => {
  const fields = [
    field('long', { kind: 'integer', bits: 64 }),
    field('decimal', { kind: 'decimal' }),
    field('float', { kind: 'float', bits: 64 }),
  ]
  const cases: [long: bigint, decimal: string, float: number, isNumber: [boolean, boolean, boolean]][] = [
    [999_999_999_999_999n, '1234567890.12345', 1e300, [true, true, true]],
    [1_000_000_000_000_000n, '1234567890.123456', Number.NaN, [false, false, false]],
    [-999_999_999_999_999n, '0.000000000000000000123456789012345', -1e-300, [true, true, true]],
    [-1_000_000_000_000_000n, '1000000000000000', 5e-324, [false, false, false]],
    [0n, '-000.50', 0, [true, false, true]],
    [1n, '100000000000000.000000', 2 ** -1022, [true, true, true]],
    [1n, '1e5', Number.POSITIVE_INFINITY, [true, false, false]],
    [1n, '123456789012345678.0', 1, [true, false, true]],
  ]
  const [, ...rows] = await read(
    await xlsxOf(fields, [
      rowsToColumns(
        cases.map(([long, decimal, float]) => ({ long, decimal, float })),
        [fields[0]!, { ...fields[1]!, type: { kind: 'text' } }, fields[2]!],
        1,
      ),
    ]),
  )
  for (const [index, [long, decimal, float, isNumber]] of cases.entries()) {
    const row = rows[index]!
    assert.deepEqual(
      row.map((value) => typeof value === 'number'),
      isNumber,
      `${long} ${decimal} ${float}`,
    )
    assert.equal(isNumber[0] ? Number(long) : String(long), row[0])
    assert.equal(isNumber[1] ? Number(decimal) : decimal, row[1])
    assert.equal(isNumber[2] ? float : String(float), row[2])
  }
})

test('decimals show the digits of their type', async () => {
  const xml = await sheetXml(
    [field('price', { kind: 'decimal', precision: 10, scale: 2 })],
    [{ price: '1.50' }, { price: '-7.00' }],
  )
  assert.match(xml, /<c r="A2" s="9"><v>1\.50<\/v><\/c>/)
  const bytes = await xlsxOf([field('a', { kind: 'text' })], [], { compression: 'none' })
  const formats = [...bytes.toString().matchAll(/<xf numFmtId="(\d+)"[^/]*\/>/g)].slice(1)
  assert.equal(formats[9]?.[1], '169')
  assert.match(bytes.toString(), /numFmtId="169" formatCode="0\.00"/)
})

test('dates begin on 1900-03-01, where all programs count alike, and end with the year 9999', async () => {
  const days = [
    ['1900-02-28', '1900-02-28'],
    ['1900-03-01', 61],
    ['1970-01-01', 25_569],
    ['2000-02-29', 36_585],
    ['9999-12-31', 2_958_465],
    ['10000-01-01', '10000-01-01'],
  ] as const
  const xml = await sheetXml(
    [field('day', { kind: 'date' })],
    days.map(([day]) => ({ day })),
  )
  for (const [index, [day, expected]] of days.entries())
    assert.ok(
      xml.includes(
        typeof expected === 'number'
          ? `<c r="A${index + 2}" s="4"><v>${expected}</v></c>`
          : `<c r="A${index + 2}" s="2" t="inlineStr"><is><t>${expected}</t></is></c>`,
      ),
      `${day}: ${xml}`,
    )
})

test('moments keep their microsecond until 2079, and later ones their millisecond or their text', async () => {
  const most = BigInt(Date.parse('2079-06-05T00:00:00Z')) * 1000n
  const least = BigInt(Date.parse('1900-03-01T00:00:00Z')) * 1000n
  const last = BigInt(Date.parse('9999-12-31T23:59:59.999Z')) * 1000n
  const numberOf = (micros: bigint): number | undefined => {
    const [low = 0, high = 0] = new Int32Array(BigInt64Array.of(micros).buffer)
    return sheetMoment(low, high)
  }
  const back = (number: number, unit: bigint): bigint => {
    const day = Math.floor(number)
    const perDay = 86_400_000_000n / unit
    return BigInt(day - 25_569) * perDay + BigInt(Math.round((number - day) * Number(perDay)))
  }
  fc.assert(
    fc.property(fc.bigInt({ min: least, max: most - 1n }), (micros) => {
      assert.equal(back(numberOf(micros)!, 1n), micros)
    }),
  )
  fc.assert(
    fc.property(fc.bigInt({ min: most / 1000n, max: last / 1000n }), (millis) => {
      assert.equal(back(numberOf(millis * 1000n)!, 1000n), millis)
      assert.equal(numberOf(millis * 1000n + 1n), undefined)
    }),
  )
  for (const micros of [least - 1n, last + 1000n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 54n)])
    assert.equal(numberOf(micros), undefined)
})

test('an instant is in UTC and says so, a moment without zone does not', async () => {
  const bytes = await xlsxOf([field('at', { kind: 'timestamp', zoned: true })], [], { compression: 'none' })
  assert.match(bytes.toString(), /formatCode="yyyy\\-mm\\-dd hh:mm:ss\.000&quot;Z&quot;"/)
  const xml = await sheetXml(
    [field('a', { kind: 'timestamp', zoned: true }), field('b', { kind: 'timestamp', zoned: false })],
    [{ a: '2026-10-31 12:00:00+06', b: '2026-10-31 12:00:00' }],
  )
  assert.match(xml, /<c r="A2" s="6"><v>46326\.25<\/v><\/c><c r="B2" s="5"><v>46326\.5<\/v><\/c>/)
})

test('text stays text: no value becomes a formula, and XML is not to be broken out of', async () => {
  const fields = [field('<a>&"', { kind: 'text' }), field('_x0041_', { kind: 'text' })]
  const texts = [
    '=1+1',
    '+cmd|calc!A1',
    '@SUM(A1)',
    '</t></is></c></row></sheetData>',
    '<![CDATA[x]]>',
    '&amp;lt;',
    '_x000D_ _x005F_ _X0041_ _x00_',
    'a_x000a_b',
    '_x0D00\ufffe_ _x0D00\r _x0D00_x0D00\u0001 _x0D00&',
    '\u0000\u0001\u001f\t\n\r\u007f\u0085\ufffe\uffff',
    'é 漢 😀 \u2028',
    '123',
    'true',
  ]
  const rows = texts.map((text) => ({ '<a>&"': text, _x0041_: text }))
  const [names, ...found] = await read(await xlsxOf(fields, [rowsToColumns(rows, fields, 1)]))
  assert.deepEqual(names, ['<a>&"', '_x0041_'])
  assert.deepEqual(
    found,
    texts.map((text) => [text, text]),
  )
  assert.doesNotMatch(await sheetXml(fields, rows), /<f[ >/]/)
})

test('whatever the text is, a reader of another make reads the same', async () => {
  const fields = [field('text', { kind: 'text' })]
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({ unit: fc.constantFrom('_', 'x', '0', '0', 'D', '\r', '&', '<', '\ufffe'), minLength: 1 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
      const rows = texts.map((value) => ({ text: `.${value}.` }))
      const [, ...found] = await read(await xlsxOf(fields, [rowsToColumns(rows, fields, 1)]))
      assert.deepEqual(
        found,
        texts.map((value) => [`.${value}.`]),
      )
    }),
    { numRuns: 20 },
  )
})

test('keeps blanks at both ends of a text, and tells empty text from null', async () => {
  const xml = await sheetXml(
    [field('text', { kind: 'text' })],
    [{ text: ' a\n' }, { text: '' }, { text: null }],
  )
  assert.match(xml, /<t xml:space="preserve"> a\n<\/t>/)
  assert.match(xml, /<row r="3"><c r="A3" s="2" t="inlineStr"><is><t><\/t><\/is><\/c><\/row>/)
  assert.match(xml, /<row r="4"><\/row>/)
})

test('refuses a cell of too many characters, counted as Excel counts, with column and row', async () => {
  const cases: [Field, Row[string], boolean][] = [
    [field('words', { kind: 'text' }), 'a'.repeat(32_767), true],
    [field('words', { kind: 'text' }), 'a'.repeat(32_768), false],
    [field('words', { kind: 'text' }), '漢'.repeat(32_767), true],
    [field('words', { kind: 'text' }), '😀'.repeat(16_383), true],
    [field('words', { kind: 'text' }), '😀'.repeat(16_384), false],
    [field('words', { kind: 'text' }), '\u0001'.repeat(32_767), true],
    [field('words', { kind: 'text' }), 'a'.repeat(5_000_000), false],
    [field('words', { kind: 'json' }), `"${'a'.repeat(32_766)}"`, false],
    [field('words', { kind: 'binary' }), new Uint8Array(16_382), true],
    [field('words', { kind: 'binary' }), new Uint8Array(16_383), false],
  ]
  for (const [column, value, fits] of cases) {
    const batches = [null, value].map((words) => rowsToColumns([{ words }], [column], 1))
    if (fits) {
      const [, , [found] = []] = await read(await xlsxOf([column], batches))
      assert.equal(
        typeof value === 'string' ? found : String(found).length,
        typeof value === 'string' ? value : 32_766,
      )
    } else
      await assert.rejects(xlsxOf([column], batches), (error) => {
        assert.ok(isBulkheadError(error))
        assert.equal(error.code, 'xlsx-limit-exceeded')
        assert.match(error.message, /^Column "words" has more than 32767 characters in row 2,/)
        return true
      })
  }
})

test('refuses too many columns before the first row, and takes as many as a sheet has', async () => {
  const fields = Array.from({ length: 16_385 }, (_, index) => field(`c${index}`, { kind: 'text' }))
  await assert.rejects(xlsxOf(fields, []), { code: 'xlsx-limit-exceeded', message: /16385 columns/ })
  await assert.rejects(xlsxOf([], []), { code: 'output-unsupported' })
  const most = fields.slice(0, 16_384)
  assert.match(await sheetXml(most, [{ c0: 'a', c16383: 'z' }]), /<c r="XFD2" [^>]*><is><t>z</)
  assert.deepEqual([0, 25, 26, 701, 702, 16_383].map(columnName), ['A', 'Z', 'AA', 'ZZ', 'AAA', 'XFD'])
})

test('takes as many rows as a sheet has, and refuses the next', async () => {
  const fields = [field('n', { kind: 'boolean' })]
  const batch = (rows: number): ColumnsBatch => ({
    form: 'columns',
    rows,
    columns: [
      { layout: 'fixed', values: new Uint8Array(rows), validity: new Uint8Array(Math.ceil(rows / 8)) },
    ],
    bytes: rows,
  })
  const full = Array.from({ length: 15 }, () => batch(mostSheetRows / 15))
  const bytes = await xlsxOf(fields, full)
  assert.ok(bytes.length > 0)
  await assert.rejects(xlsxOf(fields, [...full, batch(1)]), {
    code: 'xlsx-limit-exceeded',
    message: /more than 1048575 rows/,
  })
})

test('two columns may have one name', async () => {
  const fields = [field('a', { kind: 'text' }), field('a', { kind: 'text' })]
  const [names] = await read(await xlsxOf(fields, []))
  assert.deepEqual(names, ['a', 'a'])
})

test('is compressed or stored, and the same result is the same file', async () => {
  const batch = rowsToColumns(
    Array.from({ length: 2000 }, (_, n) => ({ words: `row ${n}` })),
    allTypes,
    1,
  )
  const packed = await xlsxOf(allTypes, [batch])
  const stored = await xlsxOf(allTypes, [batch], { compression: 'none' })
  assert.ok(packed.length * 3 < stored.length, `${packed.length} and ${stored.length} bytes`)
  assert.deepEqual(await read(packed), await read(stored))
  assert.deepEqual(await xlsxOf(allTypes, [batch]), packed)
})

test('holds back the source while the store is slow, and no more than a few pieces in memory', async () => {
  const fields = [field('words', { kind: 'text' })]
  const batch = rowsToColumns(
    Array.from({ length: 1000 }, () => ({ words: 'x'.repeat(1000) })),
    fields,
    1,
  )
  let isSlow = true
  const { promise: faster, resolve } = Promise.withResolvers<void>()
  const writer = memoryWriter(async () => (isSlow ? faster : undefined))
  const format = { format: 'xlsx', csv: defaultCsv, compression: 'none', ageRecipients: [], fields } as const
  const file = await openResultFile({ ...format, writer })
  let taken = 0
  const writing = (async () => {
    for (; taken < 20; taken++) await file.write(batch)
  })()
  await new Promise((done) => setTimeout(done, 50))
  assert.ok(taken <= 1, `${taken} MB were taken while nothing was stored`)
  isSlow = false
  resolve()
  await writing
  assert.equal((await read(await file.finish())).length, 20_001)
})

test('tells what the store said when it fails, and gives up at any time', async () => {
  const fields = [field('words', { kind: 'text' })]
  const batch = rowsToColumns(
    Array.from({ length: 100 }, () => ({ words: 'x'.repeat(10_000) })),
    fields,
    1,
  )
  const format = { format: 'xlsx', csv: defaultCsv, compression: 'none', ageRecipients: [], fields } as const
  const writer = memoryWriter(async () => {
    throw new Error('the bucket is gone')
  })
  await assert.rejects(
    async () => {
      const file = await openResultFile({ ...format, writer })
      for (let turn = 0; turn < 50; turn++) await file.write(batch)
    },
    { message: 'the bucket is gone' },
  )
  const half = memoryWriter()
  const file = await openResultFile({ ...format, writer: half })
  await file.write(batch)
  await file.abort()
  assert.equal(half.state, 'aborted')
})
