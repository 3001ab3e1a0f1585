import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { columnOf } from './column.ts'

test('a value that its type cannot keep exactly is refused, and never shown', () => {
  for (const [type, text] of [
    ['boolean', 'yes'],
    ['tinyint', '128'],
    ['integer', '2147483648'],
    ['integer', '1.0'],
    ['integer', ''],
    ['bigint', '9223372036854775808'],
    ['double', '0x10'],
    ['double', ''],
    ['decimal', '1e5'],
    ['varbinary', '0 ff'],
    ['date', '0000-01-01'],
    ['date', '-0044-03-15'],
    ['date', '12026-10-31'],
    ['timestamp', '2026-10-31 08:15:00.000000001'],
    ['timestamp', '2026-10-31 08:15:00.000 UTC'],
    ['timestamp with time zone', '2026-10-25 02:30:00.000 Europe/Berlin'],
    ['timestamp with time zone', '2026-10-25 02:30:00.000'],
    ['timestamp with time zone', '0001-01-01 00:00:00.000 +05:00'],
    ['json', '{a=1}'],
  ] as const)
    assert.throws(
      () => columnOf({ Name: 'c', Type: type }).valueOf(text),
      (error) => {
        assert.ok(isBulkheadError(error), `${type} ${text}`)
        assert.equal(error.code, 'athena-value-refused')
        assert.equal(error.message, `A value of the column "c" is no ${type} that can be kept`)
        return true
      },
      `${type} takes ${text}`,
    )
})

test('a type that is not known is text', () => {
  const { field, valueOf } = columnOf({ Name: 'c', Type: 'HyperLogLog' })
  assert.deepEqual(field.type, { kind: 'text' })
  assert.equal(field.sourceType, 'HyperLogLog')
  assert.equal(valueOf('x'), 'x')
})
