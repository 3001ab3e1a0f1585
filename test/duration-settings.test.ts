/** No connector cuts a duration in silence: each setting that is one says its bounds, and manifests beyond them are refused. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectorEntry } from '../packages/engine/src/catalog/catalog.ts'
import { readCatalog } from '../packages/engine/src/catalog/read-catalog.ts'
import { mapSchema, type JsonSchema } from '../packages/engine/src/catalog/settings-schema.ts'
import { validateConfig } from '../packages/engine/src/catalog/validate-config.ts'

const folder = join(import.meta.dirname, '../connectors')
const catalog = await readCatalog([folder])

/** Settings that read as a duration, by their default or their name, without bounds. */
function unbounded(schema: JsonSchema): string[] {
  const found: string[] = []
  mapSchema(schema, (inner) => {
    for (const [name, field] of Object.entries((inner['properties'] ?? {}) as Record<string, JsonSchema>)) {
      const isDuration =
        field['format'] === 'duration' ||
        /timeout$/i.test(name) ||
        (typeof field['default'] === 'string' && /^P[T\d]/.test(field['default']))
      if (isDuration && (typeof field['shortest'] !== 'string' || typeof field['longest'] !== 'string'))
        found.push(name)
    }
    return inner
  })
  return found
}

for (const name of readdirSync(folder)) {
  const entry = catalog.resolve(name)
  test(`${name}: durations have bounds, and a manifest beyond them is refused with path and fix`, () => {
    assert.deepEqual(unbounded(entry.manifest.config), [])
    for (const [setting, longest] of durations(entry)) {
      const { faults } = validateConfig(entry, { [setting]: 'P9999D' }, 'config', {
        secretsAllowed: 'by-reference',
      })
      const found = faults.filter(({ path }) => path === `config.${setting}`)
      assert.deepEqual(
        found.map(({ code }) => code),
        ['connection-config-invalid'],
      )
      assert.ok(found[0]?.fix?.endsWith(`to ${longest}`), found[0]?.fix)
    }
  })
}

test('a duration without bounds is found', () => {
  const text = { type: 'string' }
  const properties = {
    lockTimeout: text,
    pause: { ...text, default: 'PT1S' },
    life: { ...text, format: 'duration', shortest: 'PT1S' },
    fine: { ...text, format: 'duration', shortest: 'PT1S', longest: 'PT2S' },
    other: { ...text, default: 'Paris' },
  }
  assert.deepEqual(unbounded({ type: 'object', properties: { inner: { type: 'object', properties } } }), [
    'lockTimeout',
    'pause',
    'life',
  ])
})

/** Outermost settings that are durations, and the longest that each takes. */
function durations({ manifest }: ConnectorEntry): [setting: string, longest: string][] {
  const properties = (manifest.config['properties'] ?? {}) as Record<string, JsonSchema>
  return Object.entries(properties).flatMap(([name, { format, longest }]) =>
    format === 'duration' && typeof longest === 'string' ? [[name, longest]] : [],
  )
}
