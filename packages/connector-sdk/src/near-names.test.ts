import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearNames } from './near-names.ts'

test('suggests the nearest names first, at most three, and none that is far', () => {
  const names = ['invoices.csv', 'invoice.csv', 'Invoices.CSV', 'inv0ices.csv', 'customers.csv']
  assert.deepEqual(nearNames('invoces.csv', names), ['Invoices.CSV', 'invoices.csv', 'inv0ices.csv'])
  assert.deepEqual(nearNames('x.parquet', names), [])
})
