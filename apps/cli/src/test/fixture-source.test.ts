import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultCsv, isBulkheadError, type ReadRequest, type Row } from '@bulkhead/connector-sdk'
import { fixtureSource } from './fixture-source.ts'

const read: ReadRequest = {
  query: 'SELECT 1',
  parameters: {},
  form: 'rows',
  output: { format: 'jsonl', csv: defaultCsv },
  maxRows: undefined,
  batchRows: 2,
  batchBytes: 1e6,
}

async function rowsOf(source: ReturnType<typeof fixtureSource>, request = read): Promise<Row[]> {
  const signal = new AbortController().signal
  await using extract = await source.prepare(request, signal)
  const rows: Row[] = []
  for await (const batch of extract.read(signal)) {
    assert.equal(batch.form, 'rows')
    if (batch.form === 'rows') {
      assert.ok(batch.rows.length <= request.batchRows)
      rows.push(...batch.rows)
    }
  }
  return rows
}

test('values of a fixture arrive as a real source would give them', async () => {
  const source = fixtureSource(
    [
      { id: 1, ratio: 2, name: 'a', tags: ['x'], on: true, amount: 12.5, gone: null },
      { id: 2, ratio: 0.5 },
      { id: 3, ratio: 'NaN' },
    ],
    { amount: 'decimal(10,2)', ratio: 'float' },
  )
  assert.deepEqual(await rowsOf(source), [
    { amount: '12.5', ratio: 2, id: 1n, name: 'a', tags: '["x"]', on: true, gone: null },
    { amount: null, ratio: 0.5, id: 2n, name: null, tags: null, on: null, gone: null },
    { amount: null, ratio: Number.NaN, id: 3n, name: null, tags: null, on: null, gone: null },
  ])
})

test('a row limit is honoured', async () => {
  const source = fixtureSource([{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }])
  assert.deepEqual(await rowsOf(source, { ...read, maxRows: 3 }), [{ a: 1n }, { a: 2n }, { a: 3n }])
})

test('the query is bound: a parameter without a value is found', async () => {
  const source = fixtureSource([{ a: 1 }])
  await assert.rejects(
    async () => rowsOf(source, { ...read, query: 'SELECT :x', parameters: {} }),
    (error) => isBulkheadError(error) && error.code === 'parameter-missing',
  )
})

test('a value that is not of its type is refused by column, not by value', () => {
  assert.throws(
    () => fixtureSource([{ id: 'secret text' }], { id: 'integer' }),
    (error) =>
      isBulkheadError(error) && error.message.includes('"id"') && !error.message.includes('secret text'),
  )
})
