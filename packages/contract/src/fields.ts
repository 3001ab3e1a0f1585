import type { z } from '@bulkhead/connector-sdk'
import type { Path } from './path.ts'
import { nearestName } from './suggest.ts'

/** What a schema knows: its fields, and which fields of a document it does not know. */

type Schema = z.core.$ZodType

/** A field that a document has and its schema does not. */
export interface UnknownField {
  readonly path: Path
  /** The known field of the same object that was probably meant. */
  readonly near: string | undefined
}

/**
 * Fields of a document that its schema does not know, in the order of the document. The document
 * need not be valid; whatever has another shape than the schema is left to the validation.
 */
export function unknownFields(schema: Schema, value: unknown, path: Path = []): UnknownField[] {
  const found = schemaFor(schema, value)
  const def = (found as z.core.$ZodTypes)._zod.def
  if (Array.isArray(value))
    return def.type === 'array'
      ? value.flatMap((item, index) => unknownFields(def.element, item, [...path, index]))
      : []
  if (!isRecord(value)) return []
  if (def.type === 'record')
    return Object.entries(value).flatMap(([key, item]) => unknownFields(def.valueType, item, [...path, key]))
  if (def.type !== 'object' || (def.catchall !== undefined && !isNever(def.catchall))) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const field = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined
    if (field === undefined) return [{ path: [...path, key], near: nearestName(key, Object.keys(def.shape)) }]
    return unknownFields(field, item, [...path, key])
  })
}

/** Names of the fields that the object at `path` may have; empty when it may have any. */
export function fieldsAt(schema: Schema, value: unknown, path: Path): readonly string[] {
  let current = schemaFor(schema, value)
  let at = value
  for (const part of path) {
    at = isRecord(at) || Array.isArray(at) ? (at as Record<PropertyKey, unknown>)[part] : undefined
    const def = (current as z.core.$ZodTypes)._zod.def
    const next =
      def.type === 'object'
        ? def.shape[String(part)]
        : def.type === 'record'
          ? def.valueType
          : def.type === 'array'
            ? def.element
            : undefined
    if (next === undefined) return []
    current = schemaFor(next, at)
  }
  const def = (current as z.core.$ZodTypes)._zod.def
  return def.type === 'object' ? Object.keys(def.shape) : []
}

/** Without wrappers, and of a union the member that shares most fields with the value. */
function schemaFor(schema: Schema, value: unknown): Schema {
  const def = (schema as z.core.$ZodTypes)._zod.def
  if (def.type === 'lazy') return schemaFor(def.getter(), value)
  if (def.type === 'pipe') return schemaFor(isTransform(def.in) ? def.out : def.in, value)
  if (def.type === 'union') {
    const options = def.options.map((option) => schemaFor(option, value))
    const scores = options.map((option) => score(option, value))
    return options[scores.indexOf(Math.max(...scores))] ?? schema
  }
  return 'innerType' in def ? schemaFor(def.innerType, value) : schema
}

function score(schema: Schema, value: unknown): number {
  const def = (schema as z.core.$ZodTypes)._zod.def
  if (Array.isArray(value)) return def.type === 'array' ? 1 : -1
  if (!isRecord(value)) return def.type === 'object' || def.type === 'record' || def.type === 'array' ? -1 : 0
  if (def.type === 'object') return Object.keys(value).filter((key) => Object.hasOwn(def.shape, key)).length
  return def.type === 'record' ? 0.5 : -1
}

function isTransform(schema: Schema): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'transform'
}

function isNever(schema: Schema): boolean {
  return (schema as z.core.$ZodTypes)._zod.def.type === 'never'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
