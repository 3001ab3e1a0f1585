import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { failureOf, readContent } from '../testing/read-file.ts'

type Options = Readonly<Record<string, unknown>>

/** Values of all rows of a file without header whose rows have as many values as the first. */
async function valuesOf(content: string, columns: number, options: Options): Promise<unknown[][]> {
  const rows = await readContent(content, {
    format: { type: 'delimited', header: false, ...options },
    columns: Array.from({ length: columns }, (_, index) => ({ name: `c${index}` })),
    nullTexts: [],
  })
  return rows.map((row) => Object.values(row))
}

test('reads rows as each shape writes them', async () => {
  const shapes: readonly [
    what: string,
    content: string,
    columns: number,
    options: Options,
    expected: unknown,
  ][] = [
    [
      'a last row without line end',
      'a,b\nc,d',
      2,
      {},
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['CRLF, CR and LF in one file', 'a\r\nb\rc\nd', 1, {}, [['a'], ['b'], ['c'], ['d']]],
    ['only LF ends rows', 'a\r\nb\rc\n', 1, { lineEnd: 'lf' }, [['a\r'], ['b\rc']]],
    ['only CRLF ends rows', 'a\nb\r\nc\r', 1, { lineEnd: 'crlf' }, [['a\nb'], ['c\r']]],
    ['only CR ends rows', 'a\nb\rc', 1, { lineEnd: 'cr' }, [['a\nb'], ['c']]],
    ['line ends and delimiters in quotes', '"a\r\n,b",c\n', 2, {}, [['a\r\n,b', 'c']]],
    ['doubled quotes', '"a ""b""",""""\n', 2, {}, [['a "b"', '"']]],
    ['a quote within a value', 'a "b" c,d"\n', 2, {}, [['a "b" c', 'd"']]],
    ['an escape character', `"a \\"b\\" \\\\",c\\d\n`, 2, { escape: '\\' }, [['a "b" \\', 'c\\d']]],
    [
      'an escape without quotes',
      'a\\|b|c\\\nd\n',
      2,
      { quote: '', escape: '\\', delimiter: '|' },
      [['a|b', 'c\nd']],
    ],
    ['another quote', `'it''s';"x"\n`, 2, { quote: "'", delimiter: ';' }, [["it's", '"x"']]],
    ['a delimiter of several characters', 'a||b|c||\n', 3, { delimiter: '||' }, [['a', 'b|c', '']]],
    ['a delimiter outside ASCII', 'a§b\n', 2, { delimiter: '§' }, [['a', 'b']]],
    ['tabs', 'a\t"b\t"\n', 2, { delimiter: '\t' }, [['a', 'b\t']]],
    ['comments', '#x,y\na,#b\n#', 2, { comment: '#' }, [['a', '#b']]],
    ['empty lines', '\na\n\r\n\n', 1, {}, [['a']]],
    ['empty lines that are rows', '\na\n\n', 1, { skipEmptyLines: false }, [[''], ['a'], ['']]],
    ['an empty value in quotes', '""\n', 1, {}, [['']]],
    [
      'a delimiter behind the last value',
      'a;b;\nc;;\n',
      2,
      { delimiter: ';', trailingDelimiter: true },
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['blanks around values', ' a ,\t"b " ,c\n', 3, { trim: true }, [['a', 'b ', 'c']]],
    [
      'blanks around values between tabs',
      ' \t"a" \t b\n',
      3,
      { trim: true, delimiter: '\t' },
      [['', 'a', 'b']],
    ],
    ['skipped lines', 'x "y\n"\na,b\n', 2, { skipLines: 2 }, [['a', 'b']]],
    [
      'short rows',
      'a\nb,c\n',
      2,
      { shortRows: 'fill' },
      [
        ['a', null],
        ['b', 'c'],
      ],
    ],
    [
      'long rows',
      'a,b,c\nd,e\n',
      2,
      { longRows: 'cut' },
      [
        ['a', 'b'],
        ['d', 'e'],
      ],
    ],
    ['nothing', '', 1, {}, []],
  ]
  for (const [what, content, columns, options, expected] of shapes)
    assert.deepEqual(await valuesOf(content, columns, options), expected, what)
})

test('says line and byte of what is not written as the format says, and never the value', async () => {
  const faults: readonly [content: string, options: Options, message: RegExp][] = [
    ['a,b\r\n1,"2\r\n3,secret', {}, /line 2, byte 7 opens a quote that is never closed/],
    ['é,b\n1,"secret"x\n', {}, /line 2, byte 15 has something between a closing quote/],
    ['a,b\n"\n\n",2\nsecret\n', {}, /line 5, byte 11 has 1 values, not 2/],
    ['a,b\nsecret,1,2\n', {}, /line 2, byte 4 has 3 values, not 2/],
    ['a,b\n1,2\n\n', { skipEmptyLines: false }, /line 3, byte 8 has 1 values/],
    ['', {}, /has no header/],
  ]
  for (const [content, options, message] of faults) {
    const error = await failureOf(
      readContent(content, { format: { type: 'delimited', ...options } }),
      'file-records-malformed',
    )
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /secret/)
  }
})

test('says file, line, byte and column of a value that does not fit, and never the value', async () => {
  const error = await failureOf(
    readContent('id;amount\n1;2.50\n2;"se""cret"\n', {
      format: { type: 'delimited', delimiter: ';' },
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'sum', from: 'amount', type: 'decimal(5,2)' },
      ],
    }),
    'file-records-value-invalid',
  )
  assert.equal(
    error.message,
    'Column "sum" of file, line 3, byte 20 must be a decimal number of at most 5 digits, 2 of them behind the point',
  )
  assert.equal(error.path, 'query.columns.1')
})

/** Writes rows by the rules alone; knows nothing of the reader. */
function write(
  rows: readonly (readonly string[])[],
  delimiter: string,
  lineEnd: string,
  quoteAll: boolean,
): string {
  const cell = (value: string): string => {
    const isPlain =
      value !== '' &&
      !/["\r\n]/.test(value) &&
      !value.includes(delimiter) &&
      !delimiter.includes(value.at(-1) ?? '')
    return isPlain && !quoteAll ? value : `"${value.replaceAll('"', '""')}"`
  }
  return rows.map((row) => row.map(cell).join(delimiter) + lineEnd).join('')
}

test('reads back whatever another writer wrote', async () => {
  const value = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', ',', ';', '|', '\n', '\r', ' '),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    ),
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 4 })
        .chain((columns) =>
          fc.array(fc.array(value, { minLength: columns, maxLength: columns }), { maxLength: 20 }),
        ),
      fc.constantFrom(',', ';', '||', '\t', '€'),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      async (rows, delimiter, lineEnd, quoteAll) => {
        const content = write(rows, delimiter, lineEnd, quoteAll)
        const read = await valuesOf(content, rows[0]?.length ?? 1, { delimiter })
        assert.deepEqual(read, rows)
      },
    ),
    { numRuns: 60 },
  )
})

test('bounds a line without end and a value without end', async () => {
  const huge = 'x'.repeat(3 * 1024 * 1024)
  const format = { type: 'delimited' }
  for (const content of [`a\n1\n${huge}`, `a\n1\n"${huge}\n`]) {
    const error = await failureOf(
      readContent(content, { format }, { maxRecordSize: '1MiB' }),
      'file-records-record-too-large',
    )
    assert.match(error.message, /line 3, byte 4/)
  }
  const commas = ','.repeat(100_000)
  const error = await failureOf(readContent(`a\n${commas}\n`, { format }), 'file-records-malformed')
  assert.match(error.message, /line 2, byte \d+ has more than 10000 values/)
  assert.equal((await readContent(`a\n${huge}\n`, { format }))[0]?.['a'], huge)
})

test('refuses files of other columns, and names the one that differs', async () => {
  const query = { format: { type: 'delimited' } }
  await failureOf(readContent('a,a\n1,2\n', query), 'file-records-columns-differ')
  await failureOf(readContent('a,\n1,2\n', query), 'file-records-columns-differ')
  const error = await failureOf(
    readContent('name\nx\n', { ...query, columns: [{ name: 'nmae' }] }),
    'file-records-columns-differ',
  )
  assert.match(error.fix ?? '', /"name"/)
})
