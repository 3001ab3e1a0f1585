import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '@bulkhead/connector-sdk'
import { rowsBatches } from './batches.ts'
import { columnOf } from './column.ts'

async function* pages() {
  yield [['a', 'b', null]]
}

test('a column may have any name', async () => {
  const columns = ['__proto__', 'constructor', ''].map((Name) => columnOf({ Name, Type: 'varchar' }))
  const rows: Row[] = []
  for await (const batch of rowsBatches(pages(), columns, {
    batchRows: 10,
    batchBytes: 100,
    maxRows: undefined,
  }))
    rows.push(...batch.rows)
  assert.deepEqual(
    rows.map((row) => Object.entries(row)),
    [
      [
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['', null],
      ],
    ],
  )
})
