/** Every field that a person can write says what it means, and in a manifest when a change takes effect. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectorManifest } from '@bulkhead/connector-sdk'
import { fieldRows } from '../scripts/generate/field-rows.ts'
import type { JsonSchema } from '@bulkhead/contract'
import { publishedSchemas } from '../scripts/generate/schemas.ts'

const root = join(import.meta.dirname, '..')
const effects = ['live', 'next-chunk', 'next-run', 'restart']

function documents(schema: JsonSchema): JsonSchema[] {
  const defs = Object.values((schema['$defs'] ?? {}) as Readonly<Record<string, JsonSchema>>)
  return [schema, ...defs]
}

for (const [name, schema] of Object.entries(publishedSchemas())) {
  const rows = documents(schema).flatMap(fieldRows)

  test(`${name}: every field has a description`, () => {
    assert.ok(rows.length > 5, 'a rule over no fields proves nothing')
    assert.deepEqual(
      rows.filter(({ description, type }) => description === '' && !isSaid(type)).map(({ field }) => field),
      [],
    )
  })

  if (/^(application|environment)\./.test(name))
    test(`${name}: every field says when a change takes effect`, () => {
      assert.deepEqual(
        rows.filter(({ effect }) => !effects.includes(effect ?? '')).map(({ field }) => field),
        [],
      )
    })
}

for (const connector of readdirSync(join(root, 'connectors')))
  test(`connectors/${connector}: every setting has a description`, () => {
    const manifest = JSON.parse(
      readFileSync(join(root, 'connectors', connector, 'connector.json'), 'utf8'),
    ) as ConnectorManifest
    const rows = fieldRows(manifest.config)
    assert.ok(rows.length > 0, 'a connector without settings is a mistake')
    assert.deepEqual(
      rows.filter(({ description }) => description === '').map(({ field }) => field),
      [],
    )
  })

/** A constant or a choice of constants of the envelope explains itself. */
function isSaid(type: string): boolean {
  return type.startsWith('`')
}
