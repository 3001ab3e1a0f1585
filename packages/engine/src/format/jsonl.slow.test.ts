import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ColumnsBatch, Field, Row } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { createJsonlFormatter } from './jsonl.ts'
import { unlimited } from './row-formatter.ts'
import { allTypes, field, hardRows, infiniteRows } from './testing/all-types.ts'

function jsonlOf(fields: readonly Field[], rows: readonly Row[]): string {
  return textOf(fields, rowsToColumns(rows, fields, 1))
}

function textOf(fields: readonly Field[], batch: ColumnsBatch): string {
  const formatter = createJsonlFormatter(fields)
  let text = ''
  for (let row = 0; row < batch.rows;) {
    const { bytes, next } = formatter.format(batch, row, unlimited)
    text += Buffer.from(bytes).toString()
    row = next
  }
  return text
}

test('writes every type as row_to_json does, each row on one line', () => {
  const lines = jsonlOf(allTypes, [...hardRows, ...infiniteRows]).split('\n')
  assert.deepEqual(lines, [
    '{"flag":true,"tiny":-128,"small":32767,"whole":-2147483648,"wide":-9223372036854775808,"count":4294967295,' +
      '"huge":18446744073709551615,"single":0.1,"double":1e+20,"price":1234567890123456.7890,' +
      '"exact":123456789012345678901234567890.123456789,"words":"plain","bytes":"\\\\x00ff10","day":"2026-10-31",' +
      '"local":"2026-10-31T08:15:00.25","instant":"2026-10-31T08:15:00.000001+00:00",' +
      '"document":{"a": [1, 2.50, "x\\ny"], "b": null}}',
    `{${allTypes.map(({ name }) => `"${name}":null`).join(',')}}`,
    '{"flag":false,"tiny":127,"small":-32768,"whole":2147483647,"wide":9223372036854775807,"count":0,"huge":0,' +
      '"single":-1.5e-10,"double":1e-05,"price":-0.0001,"exact":0.10,"words":"","bytes":"\\\\x","day":"0044-03-15 BC",' +
      '"local":"0001-01-01T00:00:00 BC","instant":"0001-12-31T23:59:59.999999+00:00 BC",' +
      '"document":[   1,    "\u2028" ]}',
    '{"flag":null,"tiny":null,"small":null,"whole":null,"wide":9007199254740993,"count":null,"huge":9007199254740993,' +
      '"single":-0,"double":-0,"price":null,"exact":-1000000000000000000000,' +
      '"words":"comma, \\"quote\\"\\r\\nline\\ttab \\\\ back \\u0001 \u007f \u2028 é 漢 😀","bytes":null,' +
      '"day":"10000-01-01","local":"294246-12-31T23:59:59.999999","instant":null,"document":"text"}',
    lines[4],
    '{"flag":null,"tiny":null,"small":null,"whole":null,"wide":null,"count":null,"huge":null,"single":"NaN",' +
      '"double":"Infinity","price":null,"exact":"NaN","words":null,"bytes":null,"day":"infinity","local":"-infinity",' +
      '"instant":"infinity","document":null}',
    lines[6],
    '',
  ])
  for (const line of lines.slice(0, -1)) JSON.parse(line)
})

test('writes the same text as JSON.stringify, for any text and any name of a column', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 1 }), (text, name) => {
      fc.pre(text.isWellFormed() && name.isWellFormed() && name !== '__proto__')
      assert.equal(
        jsonlOf([field(name, { kind: 'text' })], [{ [name]: text }]),
        `${JSON.stringify({ [name]: text })}\n`,
      )
    }),
  )
})

test('puts a decimal in quotes when it is no JSON number', () => {
  const texts = [
    '1',
    '-1.5',
    '0',
    '0.10',
    '1e5',
    '1E-5',
    'NaN',
    '-Infinity',
    '01',
    '+1',
    '.5',
    '1.',
    '-',
    '1e',
    '',
  ]
  const bytes = Buffer.from(texts.join(''))
  const offsets = Int32Array.of(0, ...texts.map((_, index) => texts.slice(0, index + 1).join('').length))
  const batch: ColumnsBatch = {
    form: 'columns',
    rows: texts.length,
    columns: [{ layout: 'variable', offsets, bytes, validity: undefined }],
    bytes: bytes.length,
  }
  const values = textOf([field('d', { kind: 'decimal' })], batch)
    .trimEnd()
    .split('\n')
    .map((line) => line.slice('{"d":'.length, -1))
  assert.deepEqual(values, [...texts.slice(0, 6), ...texts.slice(6).map((text) => `"${text}"`)])
})

test('writes rows without columns as empty objects', () => {
  assert.equal(textOf([], { form: 'columns', rows: 2, columns: [], bytes: 0 }), '{}\n{}\n')
})

test('gives a long text full of control characters the room that it needs', () => {
  const text = '\u0001'.repeat(300_000)
  assert.equal(
    jsonlOf([field('t', { kind: 'text' })], [{ t: text }]),
    `{"t":"${'\\u0001'.repeat(300_000)}"}\n`,
  )
})

test('writes a column that is the whole record as the line itself, and beside others as a field', () => {
  const record: Field = { ...field('record', { kind: 'json' }), isRecord: true }
  const rows = [{ record: '{"a":1.50}' }, { record: '[1,\n2]' }, { record: null }]
  assert.equal(jsonlOf([record], rows), '{"a":1.50}\n[1, 2]\nnull\n')
  const beside = [{ record: '{"a":1}', id: 'x' }]
  assert.equal(jsonlOf([record, field('id', { kind: 'text' })], beside), '{"record":{"a":1},"id":"x"}\n')
})
