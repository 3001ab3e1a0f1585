import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logicalTypeName } from '@bulkhead/connector-sdk'
import { readingOf, types } from './field-type.ts'
import { mappingOf } from './mapping.ts'

const mapping = mappingOf({
  'orders-1': {
    mappings: {
      properties: {
        id: { type: 'long' },
        address: { properties: { city: { type: 'keyword' } } },
        other: { type: 'alias', path: 'id' },
        total: { type: 'double' },
      },
    },
  },
  'orders-2': {
    mappings: { properties: { total: { type: 'text' }, note: { type: 'text' }, id: { type: 'long' } } },
  },
  empty: { mappings: {} },
})

test('lists the fields of all indices once, without aliases', () =>
  assert.deepEqual(mapping.names, ['id', 'address', 'total', 'note']))

test('finds fields by path, and says when indices differ', () => {
  assert.equal((mapping.find('address.city') as { type: string }).type, 'keyword')
  assert.equal((mapping.find('address') as { type: string }).type, 'object')
  assert.equal(mapping.find('total'), 'conflict')
  assert.equal(mapping.find('address.street'), undefined)
  assert.equal(mapping.find('nobody'), undefined)
})

test('the list of types says what a column of each becomes', () => {
  for (const { system, becomes } of types)
    for (const type of system)
      assert.equal(logicalTypeName(readingOf({ type, format: undefined }).type), becomes, type)
  assert.equal(readingOf({ type: 'knn_vector', format: undefined }).type.kind, 'json')
})

test('takes a date of a format that it does not read for text', () => {
  const kindOf = (format: string): string => readingOf({ type: 'date', format }).type.kind
  assert.equal(kindOf('strict_date_optional_time||epoch_second'), 'timestamp')
  assert.equal(kindOf('dd/MM/yyyy'), 'text')
  assert.equal(kindOf('strict_date_optional_time||dd/MM/yyyy'), 'text')
  assert.equal(kindOf('epoch_millis||epoch_second'), 'text')
})
