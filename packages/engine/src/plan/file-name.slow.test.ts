import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkFileName } from '../deliver/object-key.ts'
import type { FileKind } from '../format/naming.ts'
import { fileNameOf, placeholdersIn } from './file-name.ts'

const csv: FileKind = { format: 'csv', compression: 'none', encrypted: false }
const gzip: FileKind = { ...csv, compression: 'gzip' }
const zstdAge: FileKind = { format: 'jsonl', compression: 'zstd', encrypted: true }
const avro: FileKind = { format: 'avro', compression: 'gzip', encrypted: false }
const xlsxAge: FileKind = { format: 'xlsx', compression: 'gzip', encrypted: true }
const parquet: FileKind = { format: 'parquet', compression: 'zstd', encrypted: false }

const table: readonly (readonly [string, FileKind, string, boolean])[] = [
  ['invoices', csv, 'invoices.csv', false],
  ['invoices.csv', csv, 'invoices.csv', false],
  ['Invoices.CSV', csv, 'Invoices.CSV', false],
  ['invoices.txt', csv, 'invoices.txt', false],
  ['invoices.csv', gzip, 'invoices.csv.gz', false],
  ['invoices.csv.gz', gzip, 'invoices.csv.gz', false],
  ['invoices', gzip, 'invoices.csv.gz', false],
  ['invoices.v2', csv, 'invoices.v2.csv', false],
  ['events.ndjson', zstdAge, 'events.ndjson.zst.age', false],
  ['events.jsonl.zst.age', zstdAge, 'events.jsonl.zst.age', false],
  ['table', parquet, 'table.parquet', false],
  ['table', avro, 'table.avro', false],
  ['table.avro', avro, 'table.avro', false],
  ['table.xlsx', xlsxAge, 'table.xlsx.age', false],
  ['table.csv', xlsxAge, 'table.xlsx.age', true],
  ['table.xlsx', csv, 'table.csv', true],
  ['table.avro.gz', avro, 'table.avro', true],
  ['invoices.csv.gz', csv, 'invoices.csv', true],
  ['invoices.csv.zst', gzip, 'invoices.csv.gz', true],
  ['invoices.jsonl', csv, 'invoices.csv', true],
]

for (const [template, kind, fileName, warns] of table)
  test(`${template} as ${kind.format} ${kind.compression} is ${fileName}`, () => {
    const named = fileNameOf(template, {}, kind, 'output.fileName')
    assert.equal(named.fileName, fileName)
    assert.equal(named.warnings.length > 0, warns)
  })

test('fills in parameters', () => {
  const parameters = { month: '2026-10', id: 12n, ok: true, none: null }
  assert.equal(
    fileNameOf('a-{month}-{id}-{ok}-{none}', parameters, csv, 'p').fileName,
    'a-2026-10-12-true-null.csv',
  )
  assert.deepEqual(placeholdersIn('a-{month}-{id}'), ['month', 'id'])
})

test('a parameter chooses neither folder nor ending', () => {
  const named = (value: string): string => fileNameOf('x-{p}.csv', { p: value }, csv, 'p').fileName
  assert.equal(named('../../etc/passwd'), 'x---..-etc-passwd.csv')
  assert.equal(named('a\u0000b\u202Ec'), 'x-a-b-c.csv')
  assert.equal(named(''), 'x--.csv')
})

test('refuses a placeholder that is no single parameter', () => {
  for (const template of ['{unknown}', '{list}', '{}', '{__proto__}']) {
    const [fault] = fileNameOf(template, { list: ['a'] }, csv, 'output.fileName').faults
    assert.equal(fault?.code, 'file-name-invalid')
  }
})

test('whatever a parameter holds, the name is safe', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
      const { fileName, faults } = fileNameOf('r-{p}', { p: value }, gzip, 'output.fileName')
      assert.deepEqual(faults, [])
      assert.equal(checkFileName(fileName), fileName)
      assert.ok(fileName.endsWith('.csv.gz'))
    }),
    { numRuns: 500 },
  )
})
