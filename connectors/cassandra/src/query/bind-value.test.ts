import assert from 'node:assert/strict'
import { test } from 'node:test'
import { types } from 'cassandra-driver'
import type { ParameterValue } from '@bulkhead/connector-sdk'
import type { CqlType, ScalarKind } from '../value/cql-type.ts'
import { bindValue } from './bind-value.ts'

const bind = (value: ParameterValue, type: CqlType | ScalarKind): unknown =>
  bindValue(value, typeof type === 'string' ? { kind: type } : type, 'parameters.p')

test('takes a value as the exact type that the query uses it for', () => {
  assert.equal(bind('a', 'text'), 'a')
  assert.equal(bind(null, 'int'), null)
  assert.equal(bind('127', 'tinyint'), 127)
  assert.equal(bind(-32_768n, 'smallint'), -32_768)
  assert.equal(bind('9223372036854775807', 'bigint'), 9_223_372_036_854_775_807n)
  assert.equal(bind(7, 'varint'), 7n)
  assert.equal(bind('NaN', 'double'), Number.NaN)
  assert.equal(bind('1.5e3', 'double'), 1500)
  assert.equal(bind('true', 'boolean'), true)
  assert.deepEqual(bind([1, 2], { kind: 'list', of: { kind: 'int' } }), [1, 2])
  assert.equal(String(bind('2026-10-31', 'date')), '2026-10-31')
  assert.equal(String(bind('08:15:00.000000001', 'time')), '08:15:00.000000001')
  assert.equal(String(bind('2001:db8::1', 'inet')), '2001:db8::1')
  assert.equal(String(bind('1y2mo3d', 'duration')), '1y2mo3d')
  assert.deepEqual(bind(Uint8Array.of(1), 'blob'), Buffer.of(1))
})

test('keeps the scale of a decimal', () => {
  const bytes = (text: string): Buffer => types.BigDecimal.toBuffer(bind(text, 'decimal') as types.BigDecimal)
  assert.deepEqual(bytes('1.10'), Buffer.of(0, 0, 0, 2, 110))
  assert.deepEqual(bytes('-0.05'), Buffer.of(0, 0, 0, 2, 251))
  assert.deepEqual(bytes('1e3'), Buffer.of(255, 255, 255, 253, 1))
})

test('takes a timestamp in its zone, and in UTC without one', () => {
  const ms = (text: string): bigint => (bind(text, 'timestamp') as Buffer).readBigInt64BE()
  assert.equal(ms('1970-01-01'), 0n)
  assert.equal(ms('1970-01-01 01:00:00.25+01'), 250n)
  assert.equal(ms('1970-01-01T00:00Z'), 0n)
  assert.equal(ms('1970-01-01 00:00:00.250000'), 250n)
  assert.equal(ms('1969-12-31T23:00:00-0100'), 0n)
})

test('refuses what does not fit, and never rounds', () => {
  const wrong: readonly [ParameterValue, CqlType | ScalarKind][] = [
    [128, 'tinyint'],
    ['9223372036854775808', 'bigint'],
    [1.5, 'int'],
    [2 ** 60, 'bigint'],
    ['1.', 'decimal'],
    ['', 'int'],
    [1, 'text'],
    ['é', 'ascii'],
    ['\ud800', 'text'],
    ['2026-02-30', 'date'],
    ['2026-02-30', 'timestamp'],
    ['1970-01-01 00:00:00.0005', 'timestamp'],
    ['24:00:00', 'time'],
    ['fe80::1%eth0', 'inet'],
    ['1.2.3', 'inet'],
    ['not a uuid', 'uuid'],
    ['x', 'duration'],
    ['yes', 'boolean'],
    ['constructor', 'boolean'],
    ['x', 'blob'],
    [[1], 'int'],
    ['x', { kind: 'list', of: { kind: 'text' } }],
    [['x'], { kind: 'map', key: { kind: 'text' }, value: { kind: 'text' } }],
    [[1, 2], { kind: 'vector', of: { kind: 'float' }, length: 3 }],
  ]
  for (const [value, type] of wrong) {
    assert.throws(
      () => bind(value, type),
      { code: 'cassandra-parameter-invalid', path: 'parameters.p' },
      `${String(value)} as ${JSON.stringify(type)}`,
    )
  }
})
