import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestFileName, splitFileName } from './split-names.ts'

test('numbers files before their endings', () => {
  assert.equal(splitFileName('invoices.csv.gz', 1), 'invoices-00001.csv.gz')
  assert.equal(splitFileName('invoices-2026.10.csv', 12), 'invoices-2026.10-00012.csv')
  assert.equal(splitFileName('a.jsonl.zst.age', 99_999), 'a-99999.jsonl.zst.age')
  assert.equal(splitFileName('a.parquet', 123_456), 'a-123456.parquet')
  assert.equal(splitFileName('plain', 2), 'plain-00002')
  assert.equal(splitFileName('release 1.2', 2), 'release 1.2-00002')
  assert.equal(splitFileName('a.csv.age', 1), 'a-00001.csv.age')
  assert.equal(splitFileName('a.gz', 1), 'a-00001.gz')
})

test('names the manifest after the result', () => {
  assert.equal(manifestFileName('invoices.csv.gz'), 'invoices.manifest.json')
  assert.equal(manifestFileName('plain'), 'plain.manifest.json')
})

test('refuses a name that becomes too long', () => {
  assert.throws(() => splitFileName(`${'x'.repeat(251)}.csv`, 1), { code: 'file-name-invalid' })
  assert.throws(() => manifestFileName(`${'x'.repeat(251)}.csv`), { code: 'file-name-invalid' })
})
