import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { defaultCsv, type CsvOptions, type Field, type Row } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { createCsvFormatter } from './csv.ts'
import { unlimited } from './row-formatter.ts'
import { allTypes, field, hardRows, infiniteRows } from './testing/all-types.ts'

function csvOf(fields: readonly Field[], rows: readonly Row[], options: Partial<CsvOptions> = {}): string {
  const formatter = createCsvFormatter(fields, { ...defaultCsv, ...options })
  const batch = rowsToColumns(rows, fields, 1)
  let text = Buffer.from(formatter.header).toString()
  for (let row = 0; row < batch.rows;) {
    const { bytes, next } = formatter.format(batch, row, unlimited)
    text += Buffer.from(bytes).toString()
    row = next
  }
  return text
}

const word = field('word', { kind: 'text' })
const other = field('other', { kind: 'integer', bits: 32 })
/** One text beside a number, as a line without its end. */
function cell(text: string | null, options: Partial<CsvOptions> = {}): string {
  const line = csvOf([word, other], [{ word: text, other: 7 }], { ...options, header: false })
  return line.slice(0, line.lastIndexOf(options.delimiter ?? ','))
}

test('quotes what PostgreSQL quotes, and nothing else', () => {
  const cases: [string | null, string][] = [
    ['plain', 'plain'],
    ['', '""'],
    [null, ''],
    [' spaces stay ', ' spaces stay '],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['carriage\rreturn', '"carriage\rreturn"'],
    ['tab\tand \\ stay', 'tab\tand \\ stay'],
    ['\\.', '\\.'],
    ['"', '""""'],
  ]
  for (const [text, expected] of cases) assert.equal(cell(text), expected)
})

test('quotes a lone end-of-data marker, which would end the data for PostgreSQL', () => {
  assert.equal(csvOf([word], [{ word: '\\.' }], { header: false }), '"\\."\n')
})

test('quotes a value that equals the null text', () => {
  assert.equal(cell('NULL', { nullText: 'NULL' }), '"NULL"')
  assert.equal(cell(null, { nullText: 'NULL' }), 'NULL')
  assert.equal(cell('', { nullText: 'NULL' }), '')
  assert.equal(csvOf([other], [{ other: 7 }, { other: 8 }], { header: false, nullText: '7' }), '"7"\n8\n')
})

test('quotes numbers and dates that hold an unusual delimiter', () => {
  const day = field('day', { kind: 'date' })
  const row = { other: -5, day: '2026-10-31' }
  assert.equal(csvOf([other, day], [row], { header: false, delimiter: '-' }), '"-5"-"2026-10-31"\n')
})

test('takes a delimiter of several bytes', () => {
  assert.equal(cell('a¦b', { delimiter: '¦' }), '"a¦b"')
  // The first byte of the delimiter alone is no reason for quotes.
  assert.equal(cell('a§b', { delimiter: '¦' }), 'a§b')
})

test('quotes every value but null when asked, and not the header', () => {
  const text = csvOf(
    [word, other],
    [
      { word: 'a', other: 1 },
      { word: null, other: 2 },
    ],
    { quote: 'all' },
  )
  assert.equal(text, 'word,other\n"a","1"\n,"2"\n')
})

test('refuses a null text that would change the columns', () => {
  for (const nullText of ['a,b', '"', '\n', ',']) {
    assert.throws(() => csvOf([word], [], { nullText }), {
      code: 'output-unsupported',
      path: 'output.csv.nullText',
    })
  }
})

test('ends lines as asked, and leaves line breaks in values alone', () => {
  const text = csvOf([word], [{ word: 'a\nb' }], { lineEnding: 'crlf' })
  assert.equal(text, 'word\r\n"a\nb"\r\n')
})

test('quotes names of columns like values', () => {
  const names = ['plain', 'with "quote"', 'a,b', 'NULL']
  const fields = names.map((name) => field(name, { kind: 'text' }))
  assert.equal(csvOf(fields, [], { nullText: 'NULL' }), 'plain,"with ""quote""","a,b","NULL"\n')
})

test('guards text that a spreadsheet would run, and never numbers', () => {
  const fields = [word, field('amount', { kind: 'decimal' }), field('count', { kind: 'integer', bits: 32 })]
  const cases: [string, string][] = [
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@sum', "'@sum"],
    ['\tx', "'\tx"],
    ['\rx', '"\'\rx"'],
    ['="a,b"', '"\'=""a,b"""'],
    ['x=1', 'x=1'],
    ['', '""'],
  ]
  for (const [text, expected] of cases) {
    const line = csvOf(fields, [{ word: text, amount: '-1.50', count: -2 }], {
      formulaGuard: true,
      header: false,
    })
    assert.equal(line, `${expected},-1.50,-2\n`)
  }
})

test('guards names of columns too', () => {
  assert.equal(csvOf([field('=cmd', { kind: 'text' })], [], { formulaGuard: true }), "'=cmd\n")
})

test('writes every type as PostgreSQL does', () => {
  assert.equal(
    csvOf(allTypes, [...hardRows, ...infiniteRows], { header: false }),
    [
      't,-128,32767,-2147483648,-9223372036854775808,4294967295,18446744073709551615,0.1,1e+20,1234567890123456.7890,' +
        '123456789012345678901234567890.123456789,plain,\\x00ff10,2026-10-31,2026-10-31 08:15:00.25,' +
        '2026-10-31 08:15:00.000001+00,"{""a"": [1, 2.50, ""x\\ny""], ""b"": null}"',
      ',,,,,,,,,,,,,,,,',
      'f,127,-32768,2147483647,9223372036854775807,0,0,-1.5e-10,1e-05,-0.0001,0.10,"",\\x,0044-03-15 BC,' +
        '0001-01-01 00:00:00 BC,0001-12-31 23:59:59.999999+00 BC,"[\n  1,\r\n  ""\u2028""\n]"',
      ',,,,9007199254740993,,9007199254740993,-0,-0,,-1000000000000000000000,' +
        '"comma, ""quote""\r\nline\ttab \\ back \u0001 \u007f \u2028 é 漢 😀",,10000-01-01,294246-12-31 23:59:59.999999,,"""text"""',
      ',,,,,,,1e+06,123456789012345,,,\\.,,,,1969-12-31 23:59:59.9+00,',
      ',,,,,,,NaN,Infinity,,NaN,,,infinity,-infinity,infinity,',
      ',,,,,,,-Infinity,NaN,,-Infinity,,,-infinity,,,',
      '',
    ].join('\n'),
  )
})

test('reads back as it was, whatever the text and the options', () => {
  const character = fc.constantFrom(',', ';', '\t', '|', 'a', '-', '¦', '"')
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ a: fc.option(fc.string({ unit: 'grapheme' })), b: fc.string({ unit: character }) }),
      ),
      fc.constantFrom(',', ';', '\t', '|', '¦'),
      fc.constantFrom('minimal' as const, 'all' as const),
      (rows, delimiter, quote) => {
        const fields = [field('a', { kind: 'text' }), field('b', { kind: 'text' })]
        const text = csvOf(fields, rows, { delimiter, quote, nullText: '\\N' })
        const back = parse(text, {
          delimiter,
          columns: true,
          relax_column_count: false,
          record_delimiter: '\n',
        })
        assert.deepEqual(
          back,
          rows.map(({ a, b }) => ({ a: a ?? '\\N', b })),
        )
      },
    ),
  )
})

test('makes pieces of bounded size, and one of its own for a longer row', () => {
  const fields = [word]
  const long = 'x"'.repeat(400_000)
  const rows = [
    ...Array.from({ length: 30 }, () => ({ word: 'y'.repeat(20_000) })),
    { word: long },
    { word: 'end' },
  ]
  const batch = rowsToColumns(rows, fields, 1)
  const formatter = createCsvFormatter(fields, { ...defaultCsv, header: false })
  const sizes: number[] = []
  let text = ''
  for (let row = 0; row < batch.rows;) {
    const { bytes, next } = formatter.format(batch, row, unlimited)
    sizes.push(bytes.length)
    text += Buffer.from(bytes).toString()
    row = next
  }
  assert.ok(sizes.every((size) => size <= 256 * 1024 || size === 3 * 400_000 + 3))
  assert.equal(text, `${`${'y'.repeat(20_000)}\n`.repeat(30)}"${'x""'.repeat(400_000)}"\nend\n`)
})
