import type { Path } from '@bulkhead/contract'

/** The JSON Schema of a connector's settings, as data: walking it beside a value, and its marks. */

export type JsonSchema = Readonly<Record<string, unknown>>

/** A value of the settings, with every schema that speaks of it. */
export interface Setting {
  readonly path: Path
  readonly value: unknown
  readonly schemas: readonly JsonSchema[]
}

/** Deeper than any settings; also ends schemas that contain themselves. */
const deepest = 20

/** Every value within settings, the outermost first. */
export function settingsIn(root: JsonSchema, value: unknown): Setting[] {
  return collect(root, [root], value, [])
}

/** Whether a setting is marked, as `"secret": true` or `"connection": true`. */
export function isMarked({ schemas }: Setting, mark: 'secret' | 'connection'): boolean {
  return schemas.some((schema) => schema[mark] === true)
}

/** Replaces every schema in a schema, the innermost first. */
export function mapSchema(schema: JsonSchema, replace: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const copy: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (oneSchema.has(keyword) && isObject(value)) copy[keyword] = mapSchema(value, replace)
    else if (listOfSchemas.has(keyword) && Array.isArray(value))
      copy[keyword] = value.map((item) => (isObject(item) ? mapSchema(item, replace) : (item as unknown)))
    else if (namedSchemas.has(keyword) && isObject(value))
      copy[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, isObject(item) ? mapSchema(item, replace) : item]),
      )
    else copy[keyword] = value
  }
  return replace(copy)
}

const oneSchema = new Set(['items', 'additionalProperties', 'propertyNames', 'contains', 'not'])
const listOfSchemas = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const namedSchemas = new Set(['properties', 'patternProperties', '$defs', 'definitions'])

function collect(root: JsonSchema, schemas: readonly JsonSchema[], value: unknown, path: Path): Setting[] {
  const all = schemas.flatMap((schema) => alternatives(root, schema, 0))
  const here: Setting = { path, value, schemas: all }
  if (typeof value !== 'object' || value === null || path.length >= deepest) return [here]
  const entries: [PropertyKey, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  return [
    here,
    ...entries.flatMap(([key, item]) =>
      collect(
        root,
        all.flatMap((schema) => childSchemas(schema, key)),
        item,
        [...path, key],
      ),
    ),
  ]
}

/** A schema with what it refers to and is composed of. */
function alternatives(root: JsonSchema, schema: JsonSchema, depth: number): JsonSchema[] {
  if (depth > deepest) return []
  const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) =>
    Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]).filter(isObject) : [],
  )
  const referred = typeof schema['$ref'] === 'string' ? referredSchema(root, schema['$ref']) : undefined
  const others = referred === undefined ? parts : [...parts, referred]
  return [schema, ...others.flatMap((part) => alternatives(root, part, depth + 1))]
}

function referredSchema(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (reference === '#') return root
  let at: unknown = root
  for (const part of reference.replace(/^#\//, '').split('/'))
    at = isObject(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  return isObject(at) ? at : undefined
}

function childSchemas(schema: JsonSchema, key: PropertyKey): JsonSchema[] {
  if (typeof key === 'number') {
    const { prefixItems, items } = schema
    const item = Array.isArray(prefixItems) ? ((prefixItems as unknown[])[key] ?? items) : items
    return isObject(item) ? [item] : []
  }
  const properties = schema['properties']
  const named = isObject(properties) && Object.hasOwn(properties, key) ? [properties[String(key)]] : []
  const patterns = schema['patternProperties']
  const matching = isObject(patterns)
    ? Object.entries(patterns).flatMap(([pattern, item]) =>
        new RegExp(pattern, 'u').test(String(key)) ? [item] : [],
      )
    : []
  const found = [...named, ...matching]
  return (found.length > 0 ? found : [schema['additionalProperties']]).filter(isObject)
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
