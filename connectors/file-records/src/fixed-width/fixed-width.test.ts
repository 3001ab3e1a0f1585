import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { failureOf, readContent } from '../testing/read-file.ts'

const columns = [
  { name: 'id', type: 'integer', length: 4 },
  { name: 'name', length: 6 },
  { name: 'day', type: 'date', pattern: 'yyyyMMdd', start: 13, length: 8 },
]
const query = (format: object = {}, more: object = {}) => ({
  format: { type: 'fixed-width', ...format },
  columns,
  ...more,
})

test('reads values at their places, filled up or not, with null for what is blank', async () => {
  const content = '0001Ada   xx18151210\r\n  12Éva € xx20260101\n   3      xx        '
  assert.deepEqual(await readContent(content, query()), [
    { id: 1n, name: 'Ada', day: '1815-12-10' },
    { id: 12n, name: 'Éva €', day: '2026-01-01' },
    { id: 3n, name: null, day: null },
  ])
})

test('reads records that follow each other without line ends', async () => {
  // EBCDIC: "0001", "Ada   ", "xx", "18151210", twice.
  const record = [
    0xf0, 0xf0, 0xf0, 0xf1, 0xc1, 0x84, 0x81, 0x40, 0x40, 0x40, 0xa7, 0xa7, 0xf1, 0xf8, 0xf1, 0xf5, 0xf1,
    0xf2, 0xf1, 0xf0,
  ]
  const ada = { id: 1n, name: 'Ada', day: '1815-12-10' }
  const format = { encoding: 'cp037', lineEnd: 'none' }
  assert.deepEqual(await readContent(Buffer.from([...record, ...record]), query(format)), [ada, ada])
  const error = await failureOf(
    readContent(Buffer.from([...record, 0xf0]), query(format)),
    'file-records-malformed',
  )
  assert.match(error.message, /line 1, byte 20 has 1 characters, not 20/)
})

test('takes off what fills values up, on the side that the query says', async () => {
  const read = async (format: object) => {
    const rows = await readContent('00100\n', {
      format: { type: 'fixed-width', ...format },
      columns: [{ name: 'a', length: 5 }],
    })
    return rows[0]?.['a']
  }
  assert.equal(await read({ pad: '0' }), '1')
  assert.equal(await read({ pad: '0', trim: 'left' }), '100')
  assert.equal(await read({ pad: '0', trim: 'right' }), '001')
  assert.equal(await read({ pad: '' }), '00100')
})

test('refuses records of another length, unless told', async () => {
  const short = '   1Ada\n'
  const long = '   1Ada   xx20260101secret\n'
  const tooShort = await failureOf(
    readContent(`${long.slice(0, 20)}\n${short}`, query()),
    'file-records-malformed',
  )
  assert.match(tooShort.message, /file, line 2, byte 21 has 7 characters, not 20/)
  const tooLong = await failureOf(readContent(long, query()), 'file-records-malformed')
  assert.doesNotMatch(tooLong.message, /secret/)
  assert.deepEqual(await readContent(short, query({ shortRows: 'fill' })), [
    { id: 1n, name: 'Ada', day: null },
  ])
  assert.deepEqual(await readContent(long, query({ longRows: 'cut' })), [
    { id: 1n, name: 'Ada', day: '2026-01-01' },
  ])
  assert.deepEqual(await readContent(long, query({ recordLength: 26 })), [
    { id: 1n, name: 'Ada', day: '2026-01-01' },
  ])
})

test('leaves out headings and empty lines', async () => {
  const content = 'a heading\n\n   1Ada   xx20260101\n\n'
  assert.equal((await readContent(content, query({ skipLines: 1 }))).length, 1)
  await failureOf(
    readContent(content, query({ skipLines: 1, skipEmptyLines: false })),
    'file-records-malformed',
  )
})

test('refuses columns without a place, or behind the end of a record', async () => {
  const wrong = [
    { columns: [{ name: 'a' }] },
    { columns: undefined },
    { columns: [{ name: 'a', length: 1, from: 'b' }] },
    { columns, format: { type: 'fixed-width', recordLength: 19 } },
    { columns: [{ name: 'a', length: 2 }], format: { type: 'delimited' } },
  ]
  for (const more of wrong)
    await failureOf(readContent('', { ...query(), ...more }), 'file-records-query-invalid')
})

test('names the place of a value that does not fit', async () => {
  const error = await failureOf(
    readContent('   1Ada   xx20260101\n   2é     xx2026-1-1\n', query()),
    'file-records-value-invalid',
  )
  assert.equal(error.message, 'Column "day" of file, line 2, byte 34 must be written as yyyyMMdd')
})

test('reads back what another writer wrote, in every encoding and with every line end', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', 'Z', '0', '-'), maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text), { maxLength: 30 }),
      fc.constantFrom('utf-8', 'utf-16le'),
      fc.constantFrom(['any', '\n'], ['any', '\r\n'], ['cr', '\r'], ['none', '']),
      async (rows, encoding, [lineEnd = '', ending = '']) => {
        const content = rows.map((row) => row.map((value) => value.padEnd(5)).join('|') + ending).join('')
        const read = await readContent(Buffer.from(content, encoding === 'utf-8' ? 'utf8' : 'utf16le'), {
          format: { type: 'fixed-width', encoding, lineEnd },
          columns: [
            { name: 'a', length: 5 },
            { name: 'b', start: 7, length: 5 },
          ],
          nullTexts: [],
        })
        assert.deepEqual(
          read.map((row) => Object.values(row)),
          rows,
        )
      },
    ),
    { numRuns: 60 },
  )
})
