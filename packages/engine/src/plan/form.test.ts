import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultCsv, type SourceCapabilities } from '@bulkhead/connector-sdk'
import { chooseForm, type FormQuestion } from './form.ts'

const postgres: SourceCapabilities = {
  forms: ['bytes', 'columns'],
  encodes: { csv: { options: ['delimiter'] }, jsonl: { options: [] } },
  snapshot: true,
  replayable: true,
  readOnly: 'enforced',
  query: 'sql',
  limitsRows: true,
}
const rowsOnly: SourceCapabilities = { ...postgres, forms: ['rows'], encodes: {} }
const copier: SourceCapabilities = { ...postgres, forms: ['bytes'], encodes: { binary: { options: [] } } }
const plain: FormQuestion = {
  connector: 'db',
  source: postgres,
  format: 'csv',
  csv: defaultCsv,
  split: undefined,
  process: [],
}
const map = [{ map: 'a.ts' }]

const table: readonly (readonly [string, Partial<FormQuestion>, string, RegExp])[] = [
  ['the source writes the format', {}, 'bytes', /^db writes csv itself/],
  ['the source writes JSON Lines', { format: 'jsonl' }, 'bytes', /^db writes jsonl itself/],
  ['without header, which is always written here', { csv: { ...defaultCsv, header: false } }, 'bytes', /./],
  ['an option that the source honours', { csv: { ...defaultCsv, delimiter: ';' } }, 'bytes', /./],
  [
    'options that the source does not honour',
    { csv: { ...defaultCsv, lineEnding: 'crlf', formulaGuard: true } },
    'columns',
    /does not write CSV with csv.lineEnding, csv.formulaGuard, so it is made here$/,
  ],
  [
    'options of CSV for another format',
    { format: 'jsonl', csv: { ...defaultCsv, lineEnding: 'crlf' } },
    'bytes',
    /./,
  ],
  [
    'a format that the source does not write',
    { format: 'parquet' },
    'columns',
    /^db does not write parquet itself, so it is made here$/,
  ],
  ['processing', { process: map }, 'columns', /^the job looks at the rows \(map\)$/],
  ['a split by rows', { split: { rows: 10 } }, 'columns', /counted/],
  ['a split by bytes', { split: { rows: undefined } }, 'bytes', /./],
  [
    'a source of rows',
    { source: rowsOnly },
    'rows',
    /so it is made here; db yields nothing faster than rows$/,
  ],
  ['a copy', { source: copier, format: 'binary' }, 'bytes', /^db copies files as they are$/],
  ['a copy with processing', { source: copier, format: 'binary', process: map }, 'none', /looks at the rows/],
  ['a copier asked for a format', { source: copier }, 'none', /^db does not write csv itself$/],
  ['a database asked for a copy', { format: 'binary' }, 'none', /^db does not write binary itself$/],
]

for (const [title, changes, form, reason] of table)
  test(`form of batch: ${title}`, () => {
    const chosen = chooseForm({ ...plain, ...changes })
    assert.equal(chosen.form ?? 'none', form)
    assert.match(chosen.reason, reason)
  })
