import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRunId } from './run-id.ts'

test('makes UUIDs of version 7, which sort by time and are never the same', () => {
  const ids = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000].map(newRunId)
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(
    Number.parseInt(newRunId(1_700_000_000_000).replaceAll('-', '').slice(0, 12), 16),
    1_700_000_000_000,
  )
  assert.equal(new Set(Array.from({ length: 1000 }, () => newRunId(5))).size, 1000)
})
