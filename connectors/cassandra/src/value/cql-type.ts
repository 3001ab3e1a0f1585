import { types } from 'cassandra-driver'
import type { LogicalType } from '@bulkhead/connector-sdk'
import { classType } from './class-type.ts'

/** A type of CQL, in one form for what the protocol describes by number and by name of a class. */
export type CqlType = ScalarType | NestedType

export interface ScalarType {
  readonly kind: ScalarKind
}

/** What is not a plain value. */
export type NestedType =
  | { readonly kind: 'list' | 'set'; readonly of: CqlType }
  | { readonly kind: 'vector'; readonly of: CqlType; readonly length: number }
  | { readonly kind: 'map'; readonly key: CqlType; readonly value: CqlType }
  | { readonly kind: 'tuple'; readonly items: readonly CqlType[] }
  | { readonly kind: 'udt'; readonly name: string; readonly fields: readonly UdtField[] }
  /** A class that nothing is known of: its bytes. */
  | { readonly kind: 'custom'; readonly name: string }

export interface UdtField {
  readonly name: string
  readonly type: CqlType
}

export const scalarKinds = [
  'ascii',
  'bigint',
  'blob',
  'boolean',
  'counter',
  'date',
  'decimal',
  'double',
  'duration',
  'float',
  'inet',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'varint',
] as const
export type ScalarKind = (typeof scalarKinds)[number]

const isScalarKind = new Set<string>(scalarKinds)

export function isScalar(type: CqlType): type is ScalarType {
  return isScalarKind.has(type.kind)
}

/** What the client knows of a type. */
export interface DriverType {
  readonly code: number
  readonly info?: unknown
}

const { dataTypes } = types
const scalars = new Map<number, ScalarKind>([
  ...scalarKinds.map((kind): [number, ScalarKind] => [dataTypes[kind], kind]),
  [dataTypes.varchar, 'text'],
])

/** A type of the client as ours. */
export function cqlType({ code, info }: DriverType): CqlType {
  const kind = scalars.get(code)
  if (kind !== undefined) return { kind }
  switch (code) {
    case dataTypes.list:
      return { kind: 'list', of: cqlType(info as DriverType) }
    case dataTypes.set:
      return { kind: 'set', of: cqlType(info as DriverType) }
    case dataTypes.map: {
      const [key, value] = info as [DriverType, DriverType]
      return { kind: 'map', key: cqlType(key), value: cqlType(value) }
    }
    case dataTypes.tuple:
      return { kind: 'tuple', items: (info as DriverType[]).map(cqlType) }
    case dataTypes.udt: {
      const { name, fields } = info as { name: string; fields: { name: string; type: DriverType }[] }
      return {
        kind: 'udt',
        name,
        fields: fields.map((field) => ({ name: field.name, type: cqlType(field.type) })),
      }
    }
    default:
      return typeof info === 'string' ? classType(info) : { kind: 'custom', name: String(code) }
  }
}

/** The type as CQL writes it. */
export function typeName(type: CqlType): string {
  if (isScalar(type)) return type.kind
  switch (type.kind) {
    case 'list':
    case 'set':
      return `${type.kind}<${typeName(type.of)}>`
    case 'vector':
      return `vector<${typeName(type.of)}, ${type.length}>`
    case 'map':
      return `map<${typeName(type.key)}, ${typeName(type.value)}>`
    case 'tuple':
      return `tuple<${type.items.map(typeName).join(', ')}>`
    case 'udt':
      return type.name
    case 'custom':
      return `'${type.name}'`
  }
  return type satisfies never
}

/** What a column of the type becomes. */
export function logicalType(type: CqlType): LogicalType {
  switch (type.kind) {
    case 'boolean':
      return { kind: 'boolean' }
    case 'tinyint':
      return { kind: 'integer', bits: 8 }
    case 'smallint':
      return { kind: 'integer', bits: 16 }
    case 'int':
      return { kind: 'integer', bits: 32 }
    case 'bigint':
    case 'counter':
      return { kind: 'integer', bits: 64 }
    case 'varint':
    case 'decimal':
      return { kind: 'decimal' }
    case 'float':
      return { kind: 'float', bits: 32 }
    case 'double':
      return { kind: 'float', bits: 64 }
    case 'date':
      return { kind: 'date' }
    case 'timestamp':
      return { kind: 'timestamp', zoned: true }
    case 'blob':
    case 'custom':
      return { kind: 'binary' }
    case 'ascii':
    case 'text':
    case 'time':
    case 'duration':
    case 'inet':
    case 'uuid':
    case 'timeuuid':
      return { kind: 'text' }
    case 'list':
    case 'set':
    case 'vector':
    case 'map':
    case 'tuple':
    case 'udt':
      return { kind: 'json' }
  }
  return type satisfies never
}

/** Why values of the type, or of one inside it, cannot be kept; undefined when they can. */
export function faultOf(type: CqlType): string | undefined {
  if (isScalar(type)) return undefined
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'vector':
      return faultOf(type.of) ?? bytesInside(type.of)
    case 'map':
      return faultOf(type.key) ?? faultOf(type.value) ?? bytesInside(type.key) ?? bytesInside(type.value)
    case 'tuple':
      return type.items.map((item) => faultOf(item) ?? bytesInside(item)).find((fault) => fault !== undefined)
    case 'udt':
      if (type.fields.some(({ name }) => name === '__proto__'))
        return `the type ${type.name} has a field __proto__`
      return type.fields
        .map((field) => faultOf(field.type) ?? bytesInside(field.type))
        .find((fault) => fault !== undefined)
    case 'custom':
      return decodedCustom.test(type.name) ? `the type ${type.name} is one of DataStax Enterprise` : undefined
  }
  return type satisfies never
}

/** Classes that the client turns into objects of its own. */
const decodedCustom = /\.(PointType|LineStringType|PolygonType|DateRangeType)$/

function bytesInside(type: CqlType): string | undefined {
  return type.kind === 'custom' ? `it holds values of the class ${type.name}` : undefined
}
