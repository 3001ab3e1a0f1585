import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUS_INFINITE_TIMESTAMP, type Column } from '../batch.ts'
import type { LogicalType } from '../types.ts'
import { rowsOf } from './collect.ts'

function valuesOf(type: LogicalType, values: Int32Array | BigInt64Array) {
  const column: Column = { layout: 'fixed', values, validity: undefined }
  const batch = { form: 'columns' as const, rows: values.length, columns: [column], bytes: 0 }
  return rowsOf([{ name: 'v', type, nullable: true }], batch).map((row) => row['v'])
}

test('reads dates of any year as text', () => {
  const days = Int32Array.of(0, 20_756, -719_528, -719_529, 2_932_897, 2_147_483_647, -2_147_483_648)
  assert.deepEqual(valuesOf({ kind: 'date' }, days), [
    '1970-01-01',
    '2026-10-30',
    '0001-01-01 BC',
    '0002-12-31 BC',
    '10000-01-01',
    'infinity',
    '-infinity',
  ])
})

test('reads timestamps before and after 1970 as text', () => {
  const micros = BigInt64Array.of(0n, -1n, 1_500_000n, -62_167_219_200_000_001n, MINUS_INFINITE_TIMESTAMP)
  assert.deepEqual(valuesOf({ kind: 'timestamp', zoned: true }, micros), [
    '1970-01-01 00:00:00+00',
    '1969-12-31 23:59:59.999999+00',
    '1970-01-01 00:00:01.5+00',
    '0002-12-31 23:59:59.999999+00 BC',
    '-infinity',
  ])
})
