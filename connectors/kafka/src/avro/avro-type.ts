/** A type of Avro, its names resolved. Types may hold themselves. */
export type AvroType =
  | { readonly kind: 'null' | 'boolean' | 'float' | 'double' | 'string' }
  | { readonly kind: 'int' | 'long'; readonly logical: string | undefined }
  | { readonly kind: 'bytes'; readonly scale: number | undefined }
  | {
      readonly kind: 'fixed'
      readonly size: number
      readonly logical: string | undefined
      readonly scale: number | undefined
    }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | { readonly kind: 'record'; readonly fields: readonly AvroField[] }

export interface AvroField {
  readonly name: string
  readonly type: AvroType
}

/** By their full names; a schema adds its own. */
export type NamedTypes = Map<string, AvroType>

/** Deepest nesting of a schema. */
const mostDepth = 100

/**
 * Takes a schema apart.
 * @param named  types of the schemas to which it refers
 * @throws Error when it is no schema of Avro
 * @see https://avro.apache.org/docs/1.12.0/specification/
 */
export function avroType(schema: unknown, named: NamedTypes): AvroType {
  return typeOf(schema, '', named, 0)
}

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])

function typeOf(schema: unknown, space: string, named: NamedTypes, depth: number): AvroType {
  if (depth > mostDepth) throw new Error('The schema is nested too deeply')
  if (Array.isArray(schema))
    return { kind: 'union', branches: schema.map((branch) => typeOf(branch, space, named, depth + 1)) }
  if (typeof schema === 'string')
    return primitives.has(schema) ? primitive(schema, {}) : found(schema, space, named)
  if (typeof schema !== 'object' || schema === null) throw new Error('The schema holds what is no type')
  const node = schema as Readonly<Record<string, unknown>>
  const { type } = node
  if (typeof type !== 'string') return typeOf(type, space, named, depth + 1)
  if (primitives.has(type)) return primitive(type, node)
  switch (type) {
    case 'array':
      return { kind: 'array', items: typeOf(node['items'], space, named, depth + 1) }
    case 'map':
      return { kind: 'map', values: typeOf(node['values'], space, named, depth + 1) }
    case 'enum': {
      const { symbols } = node
      if (!Array.isArray(symbols)) throw new Error('An enum has no symbols')
      return define({ kind: 'enum', symbols: symbols.map(String) }, node, space, named)
    }
    case 'fixed': {
      const size = Number(node['size'])
      if (!Number.isSafeInteger(size) || size < 0) throw new Error('A fixed has no size')
      return define(
        { kind: 'fixed', size, logical: logicalOf(node), scale: scaleOf(node) },
        node,
        space,
        named,
      )
    }
    case 'record':
    case 'error': {
      const { fields } = node
      if (!Array.isArray(fields)) throw new Error('A record has no fields')
      const made: AvroField[] = []
      // Before its fields, which may be of its own type.
      const record = define({ kind: 'record', fields: made }, node, space, named)
      const inner = spaceOf(fullName(node, space))
      for (const field of fields as Readonly<Record<string, unknown>>[])
        made.push({ name: String(field['name']), type: typeOf(field['type'], inner, named, depth + 1) })
      return record
    }
    default:
      return found(type, space, named)
  }
}

function primitive(type: string, node: Readonly<Record<string, unknown>>): AvroType {
  switch (type) {
    case 'int':
    case 'long':
      return { kind: type, logical: logicalOf(node) }
    case 'bytes':
      return { kind: 'bytes', scale: scaleOf(node) }
    default:
      return { kind: type as 'null' | 'boolean' | 'float' | 'double' | 'string' }
  }
}

function logicalOf(node: Readonly<Record<string, unknown>>): string | undefined {
  const logical = node['logicalType']
  return typeof logical === 'string' ? logical : undefined
}

/** Of a decimal; undefined for what is none, and for one that is not valid, which the specification says to ignore. */
function scaleOf(node: Readonly<Record<string, unknown>>): number | undefined {
  const scale = Number(node['scale'] ?? 0)
  return logicalOf(node) === 'decimal' && Number.isSafeInteger(scale) && scale >= 0 && scale < 10_000
    ? scale
    : undefined
}

function define(
  type: AvroType,
  node: Readonly<Record<string, unknown>>,
  space: string,
  named: NamedTypes,
): AvroType {
  named.set(fullName(node, space), type)
  return type
}

function found(name: string, space: string, named: NamedTypes): AvroType {
  const type =
    (name.includes('.') || space === '' ? undefined : named.get(`${space}.${name}`)) ?? named.get(name)
  if (type === undefined) throw new Error('The schema refers to a type that is not there')
  return type
}

function fullName(node: Readonly<Record<string, unknown>>, space: string): string {
  const name = String(node['name'])
  if (name.includes('.')) return name
  const own = typeof node['namespace'] === 'string' ? node['namespace'] : space
  return own === '' ? name : `${own}.${name}`
}

function spaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')))
}
