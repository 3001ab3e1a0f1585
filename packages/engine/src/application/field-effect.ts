import { z } from '@bulkhead/connector-sdk'
import { applicationSchema, type Effect, effects, type Path } from '@bulkhead/contract'

type Schema = Readonly<Record<string, unknown>>

let manifestSchema: Schema | undefined

/** What the schema of the manifest says of the field, or of the nearest one around it. */
export function effectOf(path: Path): Effect {
  manifestSchema ??= z.toJSONSchema(applicationSchema, { io: 'input', unrepresentable: 'any' }) as Schema
  const root = manifestSchema
  let schemas: readonly Schema[] = alternatives(root, root)
  let effect: Effect = 'next-run'
  for (const part of path) {
    schemas = schemas.flatMap((schema) => childrenOf(schema, part)).flatMap((one) => alternatives(root, one))
    if (schemas.length === 0) break
    // of several shapes that the field may have, the strongest is never too little
    const said = schemas.map((schema) => schema['x-effect']).filter(isEffect)
    effect = strongest(said) ?? effect
  }
  return effect
}

export function strongest(some: readonly Effect[]): Effect | undefined {
  return effects.findLast((effect) => some.includes(effect))
}

function isEffect(value: unknown): value is Effect {
  return effects.some((effect) => effect === value)
}

function childrenOf(schema: Schema, part: PropertyKey): Schema[] {
  if (typeof part === 'number') return [schema['items']].filter(isSchema)
  const named = (schema['properties'] as Schema | undefined)?.[String(part)]
  return [named ?? schema['additionalProperties']].filter(isSchema)
}

function alternatives(root: Schema, schema: Schema): Schema[] {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const target = (root['$defs'] as Schema | undefined)?.[reference.replace('#/$defs/', '')]
    return isSchema(target) ? alternatives(root, target) : []
  }
  const inner = (['anyOf', 'oneOf', 'allOf'] as const).flatMap((key) => (schema[key] as Schema[]) ?? [])
  return [schema, ...inner.flatMap((one) => alternatives(root, one))]
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
