import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '@bulkhead/connector-sdk'
import { fieldsOf } from './schema-fields.ts'

test('settings are listed with type, default, need and secrecy, nested ones by their path', () => {
  const schema = z.toJSONSchema(
    z.strictObject({
      host: z.string().meta({ description: 'Host' }),
      port: z.int().default(5432),
      password: z.string().optional().meta({ secret: true }),
      tls: z.strictObject({ mode: z.enum(['off', 'on']).default('on') }).prefault({}),
      files: z.record(z.string(), z.strictObject({ path: z.string() })).default({}),
      hosts: z.array(z.union([z.string(), z.number()])).default([]),
    }),
    { io: 'input' },
  ) as Record<string, unknown>
  assert.deepEqual(
    fieldsOf(schema).map(({ path, type, required, secret, default: value }) => [
      path,
      type,
      required,
      secret,
      value,
    ]),
    [
      ['host', 'string', true, false, undefined],
      ['port', 'integer', false, false, '5432'],
      ['password', 'string', false, true, undefined],
      ['tls', 'object', false, false, '{}'],
      ['tls.mode', 'off | on', false, false, '"on"'],
      ['files', 'object', false, false, '{}'],
      ['files.*.path', 'string', true, false, undefined],
      ['hosts', 'list of string or number', false, false, '[]'],
    ],
  )
})

test('a schema that says little still gives its names', () => {
  assert.deepEqual(fieldsOf({}), [])
  assert.deepEqual(
    fieldsOf({ properties: { a: true, b: { const: 7 } } }).map(({ path, type }) => [path, type]),
    [
      ['a', 'any'],
      ['b', '7'],
    ],
  )
})
