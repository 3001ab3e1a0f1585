import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultCsv, type ReadRequest, type Row } from '@bulkhead/connector-sdk'
import type { Example } from '../consumer/examples.ts'
import { stubSource, type StubRead } from './stub-source.ts'

const example = (more: Partial<Example>): Example => ({
  name: 'one',
  job: 'sales',
  asked: { year: 2025 },
  connection: 'ledger',
  query: 'SELECT :year',
  parameters: { year: 2025 },
  rows: [{ id: 1 }, { id: 2 }, { id: 3 }],
  types: {},
  ...more,
})
const asks: StubRead = { job: 'sales', asked: { year: 2026 }, rows: undefined, seed: 1 }
const request: ReadRequest = {
  query: 'SELECT :year',
  parameters: { year: 2026 },
  form: 'rows',
  output: { format: 'csv', csv: defaultCsv },
  maxRows: undefined,
  batchRows: 4,
  batchBytes: 1024,
}

async function ids(
  examples: readonly Example[],
  own: Partial<StubRead> = {},
  more: Partial<ReadRequest> = {},
): Promise<readonly number[]> {
  const source = stubSource('ledger', examples, { ...asks, ...own })
  await using extract = await source.prepare({ ...request, ...more }, AbortSignal.timeout(5000))
  const rows: Row[] = []
  for await (const batch of extract.read(AbortSignal.timeout(5000))) {
    assert.ok(batch.form === 'rows' && batch.rows.length <= request.batchRows)
    rows.push(...batch.rows)
  }
  return rows.map(({ id }) => Number(id))
}

test('rows are those of the example, or as many as are wanted, the same for the same seed', async () => {
  assert.deepEqual(await ids([example({})]), [1, 2, 3])
  assert.deepEqual(await ids([example({})], { rows: 2 }), [1, 2])
  const drawn = await ids([example({})], { rows: 50 })
  assert.equal(drawn.length, 50)
  assert.deepEqual(drawn.slice(0, 3), [1, 2, 3])
  assert.ok(drawn.every((id) => [1, 2, 3].includes(id)))
  assert.deepEqual(await ids([example({})], { rows: 50 }), drawn)
  assert.notDeepEqual(await ids([example({})], { rows: 50, seed: 2 }), drawn)
  assert.deepEqual(await ids([example({})], { rows: 50 }, { maxRows: 6 }), drawn.slice(0, 6))
})

test('the example that fits best is taken: the question, the request, the query, the job; none without rows before one with', async () => {
  const empty = example({ name: 'empty', rows: [] })
  const exact = example({ name: 'exact', parameters: { year: 2026 }, rows: [{ id: 7 }] })
  const asked = example({ name: 'asked', query: 'other', asked: { year: 2026 }, rows: [{ id: 8 }] })
  const sameJob = example({ name: 'job', query: 'other', rows: [{ id: 9 }] })
  assert.deepEqual(await ids([empty, sameJob, asked, exact]), [7])
  assert.deepEqual(await ids([empty, sameJob, asked]), [8])
  assert.deepEqual(await ids([empty, sameJob, example({})]), [1, 2, 3])
  assert.deepEqual(await ids([empty, sameJob]), [])
  assert.deepEqual(await ids([sameJob]), [9])
  assert.deepEqual(await ids([empty], { rows: 10 }), [])
})

test('a question that no test asks is refused with what is missing', async () => {
  const elsewhere = example({ job: 'stock', query: 'other' })
  await assert.rejects(ids([elsewhere]), { code: 'example-missing' })
  await assert.rejects(ids([elsewhere], { job: undefined }), { code: 'example-missing' })
})

test('a file that is copied as it is stands as lines of its rows', async () => {
  const source = stubSource('ledger', [example({})], asks)
  const read = {
    ...request,
    form: 'bytes' as const,
    output: { ...request.output, format: 'binary' as const },
  }
  await using extract = await source.prepare(read, AbortSignal.timeout(5000))
  for await (const batch of extract.read(AbortSignal.timeout(5000)))
    assert.ok(batch.form === 'bytes' && String(Buffer.from(batch.bytes)) === '{"id":1}\n{"id":2}\n{"id":3}\n')
})
