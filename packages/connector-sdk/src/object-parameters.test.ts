import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from './errors.ts'
import { bindObjectParameters, orParameter } from './object-parameters.ts'
import { z } from './schema.ts'

const failsWith = (code: string, path?: string) => (error: unknown) =>
  isBulkheadError(error) && error.code === code && (path === undefined || error.path === path)

test('puts a value wherever the query refers to it, at any depth, lists included', () => {
  const query = { path: { $param: 'file' }, filter: [{ year: { $in: { $param: 'years' } } }, 'plain'] }
  assert.deepEqual(bindObjectParameters(query, { file: 'a.csv', years: [2025n, 2026n] }), {
    path: 'a.csv',
    filter: [{ year: { $in: [2025n, 2026n] } }, 'plain'],
  })
  assert.deepEqual(query.path, { $param: 'file' })
})

test('binds null, and leaves bytes and texts with braces alone', () => {
  const bytes = new Uint8Array([1])
  assert.deepEqual(bindObjectParameters({ a: { $param: 'n' }, b: bytes, c: '{"$param":"n"}' }, { n: null }), {
    a: null,
    b: bytes,
    c: '{"$param":"n"}',
  })
})

test('refuses a parameter without value, naming its place', () => {
  assert.throws(
    () => bindObjectParameters({ a: [{ $param: 'x' }] }, {}),
    failsWith('parameter-missing', 'query.a.0'),
  )
  assert.throws(() => bindObjectParameters({ a: { $param: 'toString' } }, {}), failsWith('parameter-missing'))
})

test('refuses a parameter that the query does not use', () => {
  assert.throws(
    () => bindObjectParameters({ path: 'a' }, { month: '2026-10' }),
    failsWith('parameter-unknown', 'parameters.month'),
  )
})

test('refuses a reference with company or without name', () => {
  assert.throws(
    () => bindObjectParameters({ a: { $param: 'x', $ne: 1 } }, { x: 1 }),
    failsWith('query-invalid', 'query.a'),
  )
  assert.throws(() => bindObjectParameters({ $param: 7 }, {}), failsWith('query-invalid', 'query'))
})

test('refuses bottomless nesting', () => {
  let query: unknown = 1
  for (let level = 0; level < 1000; level++) query = [query]
  assert.throws(() => bindObjectParameters(query, {}), failsWith('query-invalid'))
})

test('the schema takes a value or a reference', () => {
  const schema = orParameter(z.string())
  assert.ok(schema.safeParse('a').success)
  assert.ok(schema.safeParse({ $param: 'a' }).success)
  assert.ok(!schema.safeParse({ $param: 'a', b: 1 }).success)
})
