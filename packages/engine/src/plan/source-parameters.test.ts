import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceParameters } from './source-parameters.ts'

const values = { month: '2026-10', region: 'west' }

test('a parameter that stands in the file name only is not given to the source', () => {
  assert.deepEqual(sourceParameters('SELECT :region', 'x-{month}.csv', values), { region: 'west' })
  assert.deepEqual(sourceParameters({ path: { $param: 'region' } }, 'x-{month}.csv', values), {
    region: 'west',
  })
})

test('a parameter of both query and file name is given to the source', () => {
  assert.deepEqual(sourceParameters('SELECT :region, :month', 'x-{month}.csv', values), values)
  assert.deepEqual(sourceParameters({ and: [{ $param: 'month' }] }, '{month}', values), values)
})

test('a parameter that nothing uses is given to the source, which refuses it', () => {
  assert.deepEqual(sourceParameters('SELECT 1', undefined, values), values)
  assert.deepEqual(sourceParameters("SELECT ':month'", '{region}', values), { month: '2026-10' })
})
