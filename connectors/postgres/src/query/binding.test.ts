import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ParameterValue } from '@bulkhead/connector-sdk'
import { bindParameters } from './binding.ts'
import type { ServerType } from './server-type.ts'

const integer: ServerType = {
  name: 'integer',
  encoding: 'int4',
  isArray: false,
  output: 'pg_catalog.int4out',
}
const texts: ServerType = {
  name: 'text[]',
  encoding: 'nested',
  isArray: true,
  output: 'pg_catalog.array_out',
}
const types = new Map([
  [23, integer],
  [1009, texts],
])
const bind = (value: ParameterValue, oid: number) => bindParameters(['a'], [oid], types, { a: value })
const sent = (value: ParameterValue, oid: number): unknown => {
  const [statement] = bind(value, oid).statements
  assert.ok(statement !== undefined && 'run' in statement)
  assert.doesNotMatch(statement.run, /secret/)
  return statement.values?.[0]
}

describe('bindParameters', () => {
  it('sends each value as the text that the server reads', () => {
    assert.equal(sent(true, 23), 'true')
    assert.equal(sent(12n, 23), '12')
    assert.equal(sent(-0, 23), '-0')
    assert.equal(sent(1e21, 23), '1e+21')
    assert.equal(sent('it\'s; -- "secret"', 23), 'it\'s; -- "secret"')
    assert.equal(sent(new Uint8Array([0, 255]), 23), '\\x00ff')
    assert.equal(sent([], 1009), '{}')
    assert.equal(
      sent(['a,b', 'c"d', 'e\\f', '', 'NULL', null, '{}'], 1009),
      '{"a,b","c\\"d","e\\\\f","","NULL",NULL,"{}"}',
    )
  })
  it('puts a setting of the transaction into the query, and null as null', () => {
    assert.equal(bind('secret', 23).replacement('a'), "(pg_catalog.current_setting('bulkhead.p1')::integer)")
    const empty = bind(null, 1009)
    assert.equal(empty.replacement('a'), '(NULL::text[])')
    assert.deepEqual(empty.statements, [])
  })
  it('refuses what would silently mean something else', () => {
    assert.throws(() => bind([1, 2], 23), { code: 'postgres-parameter-invalid', path: 'parameters.a' })
    assert.throws(() => bind('a\0b', 23), { code: 'postgres-parameter-invalid', path: 'parameters.a' })
    assert.throws(() => bind(['\ud800'], 1009), { code: 'postgres-parameter-invalid', path: 'parameters.a' })
  })
})
