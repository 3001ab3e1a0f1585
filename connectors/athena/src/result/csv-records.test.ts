import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { CsvRecords, type TextRecord } from './csv-records.ts'

function read(pieces: readonly string[]): TextRecord[] {
  const csv = new CsvRecords()
  return [...pieces.flatMap((piece) => csv.feed(piece)), ...csv.end()]
}

test('null is nothing, the empty text is two quotes, and an empty line is a null', () => {
  assert.deepEqual(read(['"a",,""\n']), [['a', null, '']])
  assert.deepEqual(read(['\n\n']), [[null], [null]])
  assert.deepEqual(read([]), [])
})

test('quotes, commas and line breaks stay in their values', () => {
  assert.deepEqual(read(['"a""b","c,\r\nd"\n"""",x\n']), [
    ['a"b', 'c,\r\nd'],
    ['"', 'x'],
  ])
})

test('a last line needs no line break', () => {
  assert.deepEqual(read(['"a"\n"b",']), [['a'], ['b', null]])
})

test('records are the same wherever the pieces end', () => {
  const value = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', ' ') }))
  const records = fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { maxLength: 5 })
  fc.assert(
    fc.property(records, fc.integer({ min: 1, max: 7 }), (given, length) => {
      const line = (record: TextRecord): string =>
        `${record.map((text) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`)).join(',')}\n`
      const text = given.map(line).join('')
      const pieces = Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
        text.slice(index * length, (index + 1) * length),
      )
      assert.deepEqual(read(pieces), given)
    }),
  )
})

test('what is not in this CSV is refused', () => {
  const isMalformed = (error: unknown): boolean => isBulkheadError(error) && error.code === 'athena-protocol'
  assert.throws(() => read(['"a']), isMalformed)
  assert.throws(() => read(['"a"b\n']), isMalformed)
  const csv = new CsvRecords()
  csv.feed('"')
  const megabyte = 'x'.repeat(1024 * 1024)
  assert.throws(() => {
    for (let count = 0; count <= 64; count++) csv.feed(megabyte)
  }, isMalformed)
})
