/** One setting, out of the JSON Schema of a connector. */
export interface SchemaField {
  /** `tls.mode`; `files.*` for the values of a map. */
  readonly path: string
  readonly type: string
  readonly description: string
  readonly required: boolean
  readonly secret: boolean
  /** As JSON. */
  readonly default: string | undefined
}

type Schema = Readonly<Record<string, unknown>>

const DEEPEST = 4 // settings are flat; what lies deeper is shown by --json

/** The fields of an object's schema, nested ones behind their parent. */
export function fieldsOf(schema: Schema, prefix = '', depth = 0): readonly SchemaField[] {
  const properties = asSchema(schema['properties']) ?? {}
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []
  return Object.entries(properties).flatMap(([name, value]) => {
    const property = asSchema(value) ?? {}
    const path = `${prefix}${name}`
    const own: SchemaField = {
      path,
      type: typeOf(property),
      description: typeof property['description'] === 'string' ? property['description'] : '',
      required: required.includes(name) && property['default'] === undefined,
      secret: property['secret'] === true,
      default: property['default'] === undefined ? undefined : JSON.stringify(property['default']),
    }
    return depth >= DEEPEST ? [own] : [own, ...below(property, path, depth)]
  })
}

function below(property: Schema, path: string, depth: number): readonly SchemaField[] {
  const values = asSchema(property['additionalProperties'])
  return [
    ...fieldsOf(property, `${path}.`, depth + 1),
    ...(values === undefined ? [] : fieldsOf(values, `${path}.*.`, depth + 1)),
  ]
}

function typeOf(schema: Schema): string {
  const { enum: choices, const: only, anyOf } = schema
  if (Array.isArray(choices)) return choices.map(String).join(' | ')
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((one) => typeOf(asSchema(one) ?? {})))].join(' or ')
  const items = asSchema(schema['items'])
  if (items !== undefined) return `list of ${typeOf(items)}`
  if (Array.isArray(schema['type'])) return schema['type'].join(' or ')
  return typeof schema['type'] === 'string' ? schema['type'] : 'any'
}

function asSchema(value: unknown): Schema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : undefined
}
