import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatCount, formatDuration, formatNumber } from './quantities.ts'

test('numbers are grouped, bytes have binary units and three digits', () => {
  assert.equal(formatCount(0), '0')
  assert.equal(formatCount(999), '999')
  assert.equal(formatCount(3_000_000), '3,000,000')
  assert.equal(formatBytes(0), '0 B')
  assert.equal(formatBytes(1023), '1023 B')
  assert.equal(formatBytes(4_182_331), '3.99 MiB')
  assert.equal(formatBytes(214e6), '204 MiB')
  assert.equal(formatBytes(2 ** 60), '1048576 TiB')
})

test('one is singular', () => {
  assert.equal(formatNumber(1, 'row'), '1 row')
  assert.equal(formatNumber(2, 'row'), '2 rows')
  assert.equal(formatNumber(0, 'query', 'queries'), '0 queries')
})

test('durations grow from seconds to hours and never say 60 seconds', () => {
  assert.equal(formatDuration(420), '0.42 s')
  assert.equal(formatDuration(12_340), '12.3 s')
  assert.equal(formatDuration(59_970), '1 min 00 s')
  assert.equal(formatDuration(123_000), '2 min 03 s')
  assert.equal(formatDuration(3_899_000), '1 h 04 min')
})
