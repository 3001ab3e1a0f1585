import type { JsonSchema } from '@bulkhead/contract'

/** The fields of a JSON Schema as rows of a table, those of inner objects included. */
export interface FieldRow {
  /** `jobs.NAME.source.query`, `process[].map` */
  readonly field: string
  readonly type: string
  readonly isRequired: boolean
  /** As JSON; undefined when there is none. */
  readonly default: string | undefined
  readonly effect: string | undefined
  readonly isSecret: boolean
  readonly description: string
  readonly examples: readonly string[]
}

export function fieldRows(schema: JsonSchema): FieldRow[] {
  return rowsOf(schema, schema, '', 0)
}

function rowsOf(root: JsonSchema, schema: JsonSchema, prefix: string, depth: number): FieldRow[] {
  if (depth > 12) return []
  const variants = variantsOf(root, schema)
  return variants.flatMap((variant) => {
    const required = Array.isArray(variant['required']) ? (variant['required'] as string[]) : []
    const properties = Object.entries((variant['properties'] ?? {}) as Record<string, unknown>).flatMap(
      ([name, property]) =>
        isObject(property)
          ? fieldOf(
              root,
              property,
              join(prefix, name),
              variants.length === 1 && required.includes(name),
              depth,
            )
          : [],
    )
    const { additionalProperties: values, items } = variant
    return [
      ...properties,
      ...(isObject(values) && Object.keys(values).length > 0
        ? rowsOf(root, values, join(prefix, 'NAME'), depth + 1)
        : []),
      ...(isObject(items) ? rowsOf(root, items, `${prefix}[]`, depth + 1) : []),
    ]
  })
}

function fieldOf(
  root: JsonSchema,
  schema: JsonSchema,
  field: string,
  isRequired: boolean,
  depth: number,
): FieldRow[] {
  const known = { ...deref(root, schema), ...schema }
  const examples = Array.isArray(known['examples']) ? (known['examples'] as unknown[]) : []
  const row: FieldRow = {
    field,
    type: typeOf(root, known),
    isRequired,
    default: defaultOf(known['default']),
    effect: typeof known['x-effect'] === 'string' ? known['x-effect'] : undefined,
    isSecret: known['secret'] === true,
    description: typeof known['description'] === 'string' ? known['description'] : '',
    examples: examples.map((example) => JSON.stringify(example)),
  }
  return [row, ...rowsOf(root, known, field, depth + 1)]
}

/** Members of a union, or the schema itself. */
function variantsOf(root: JsonSchema, schema: JsonSchema): JsonSchema[] {
  const known = deref(root, schema)
  const members = [known['anyOf'], known['oneOf']].filter(Array.isArray).flat() as unknown[]
  return members.length === 0
    ? [known]
    : members.filter(isObject).flatMap((member) => variantsOf(root, member))
}

/** The type in words, with its bounds. */
function typeOf(root: JsonSchema, schema: JsonSchema): string {
  const known = deref(root, schema)
  if (Array.isArray(known['enum']))
    return (known['enum'] as unknown[]).map((value) => `\`${String(value)}\``).join(', ')
  if ('const' in known) return `\`${String(known['const'])}\``
  const members = [known['anyOf'], known['oneOf']].filter(Array.isArray).flat() as unknown[]
  if (members.length > 0)
    return [...new Set(members.filter(isObject).map((member) => typeOf(root, member)))].join(' or ')
  if (Array.isArray(known['type']))
    return (known['type'] as unknown[]).map((type) => typeOf(root, { ...known, type })).join(' or ')
  switch (known['type']) {
    case 'string':
      if (known['format'] === 'duration') return `duration${durationBounds(known)}`
      return known['format'] === 'date-time' ? 'time' : 'text'
    case 'integer':
      return `whole number${bounds(known)}`
    case 'number':
      return `number${bounds(known)}`
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    case 'array':
      return isObject(known['items']) ? `list of ${typeOf(root, known['items'])}` : 'list'
    case 'object':
      return isObject(known['additionalProperties']) && known['properties'] === undefined
        ? 'object by name'
        : 'object'
    default:
      return 'any'
  }
}

function bounds({ minimum, maximum }: JsonSchema): string {
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  const least = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`
  if (least !== undefined) return `, from ${least}`
  return most === undefined ? '' : `, up to ${most}`
}

/** As `durationField` of the SDK marks them. */
function durationBounds({ shortest, longest }: JsonSchema): string {
  return typeof shortest === 'string' && typeof longest === 'string' ? `, ${shortest} to ${longest}` : ''
}

function defaultOf(value: unknown): string | undefined {
  if (value === undefined || (isObject(value) && Object.keys(value).length === 0)) return undefined
  return JSON.stringify(value)
}

function deref(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const reference = schema['$ref']
  if (typeof reference !== 'string') return schema
  let at: unknown = root
  for (const part of reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== ''))
    at = isObject(at) ? at[part] : undefined
  return isObject(at) ? at : {}
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
