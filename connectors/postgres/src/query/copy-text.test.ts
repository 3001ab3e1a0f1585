import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultCsv } from '@bulkhead/connector-sdk'
import { checkCsvOptions, copyText } from './copy-text.ts'

describe('copyText', () => {
  it('asks for the CSV of the options', () => {
    const csv = { ...defaultCsv, delimiter: "'", nullText: "it's", quote: 'all' } as const
    assert.equal(
      copyText('SELECT 1 -- end', { form: 'bytes', output: { format: 'csv', csv } }),
      "COPY (\nSELECT 1 -- end\n) TO STDOUT (FORMAT csv, ENCODING 'UTF8', DELIMITER '''', NULL 'it''s', FORCE_QUOTE *)",
    )
  })
})

describe('checkCsvOptions', () => {
  it('accepts every delimiter that the server can write', () => {
    for (const delimiter of [',', ';', '\t', '|', ' ', '\x01', '\\', "'", 'a', '.'])
      checkCsvOptions({ ...defaultCsv, delimiter })
  })
  it('refuses what the server would', () => {
    for (const delimiter of ['', ',,', '"', '\n', '\r', '\0', '¦', '😀'])
      assert.throws(
        () => checkCsvOptions({ ...defaultCsv, delimiter }),
        { path: 'output.csv.delimiter' },
        delimiter,
      )
    for (const nullText of ['a,b', '"', 'a\nb', '\r', '\0', '\ud800'])
      assert.throws(
        () => checkCsvOptions({ ...defaultCsv, nullText }),
        { path: 'output.csv.nullText' },
        nullText,
      )
  })
})
