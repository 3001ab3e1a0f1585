import type { Field, FieldTypeName, LogicalType } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * Types as a mapping file names them: `export const fields = { id: 'integer', total: 'decimal(12,2)' }`.
 * An object in the form of `LogicalType` is taken too.
 */
const byName: Readonly<Record<string, LogicalType>> = {
  boolean: { kind: 'boolean' },
  integer: { kind: 'integer', bits: 64 },
  integer8: { kind: 'integer', bits: 8 },
  integer16: { kind: 'integer', bits: 16 },
  integer32: { kind: 'integer', bits: 32 },
  integer64: { kind: 'integer', bits: 64 },
  unsigned8: { kind: 'integer', bits: 8, unsigned: true },
  unsigned16: { kind: 'integer', bits: 16, unsigned: true },
  unsigned32: { kind: 'integer', bits: 32, unsigned: true },
  unsigned64: { kind: 'integer', bits: 64, unsigned: true },
  float: { kind: 'float', bits: 64 },
  float32: { kind: 'float', bits: 32 },
  float64: { kind: 'float', bits: 64 },
  decimal: { kind: 'decimal' },
  text: { kind: 'text' },
  binary: { kind: 'binary' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp', zoned: false },
  timestamptz: { kind: 'timestamp', zoned: true },
  json: { kind: 'json' },
} satisfies Record<Exclude<FieldTypeName, `decimal(${string})`>, LogicalType>

/** Names of types, for messages and documentation. */
const fieldTypeNames: readonly string[] = [...Object.keys(byName), 'decimal(precision,scale)']

/**
 * The fields that a mapping file declares, in their order.
 *
 * @param declared  what the file exports as `fields`
 * @param inputs    fields that come in; one of the same name and kind lends its way of writing booleans
 * @throws BulkheadError `map-invalid`
 */
export function declaredFields(declared: unknown, inputs: readonly Field[], path: string): readonly Field[] {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) {
    throw invalid('The mapping file exports `fields` that is no object of names and types', path)
  }
  const fields = Object.entries(declared).map(([name, value]): Field => {
    const type = fieldType(value)
    if (type === undefined)
      throw invalid(`The mapping file declares no known type for column "${name}"`, path)
    const input = inputs.find((field) => field.name === name)
    const booleanText = type.kind === 'boolean' ? input?.booleanText : undefined
    return { name, type, nullable: true, ...(booleanText === undefined ? {} : { booleanText }) }
  })
  if (fields.length === 0) throw invalid('The mapping file declares no columns', path)
  return fields
}

function fieldType(value: unknown): LogicalType | undefined {
  if (typeof value !== 'string') return isLogicalType(value) ? value : undefined
  if (Object.hasOwn(byName, value)) return byName[value]
  const match = /^decimal\((\d{1,3})(?:, ?(\d{1,3}))?\)$/.exec(value)
  if (match === null) return undefined
  const [precision, scale] = [Number(match[1]), Number(match[2] ?? 0)]
  return precision < 1 || scale > precision ? undefined : { kind: 'decimal', precision, scale }
}

function isLogicalType(value: unknown): value is LogicalType {
  if (typeof value !== 'object' || value === null) return false
  const { kind, bits, unsigned, precision, scale, zoned } = value as Record<string, unknown>
  switch (kind) {
    case 'integer':
      return (
        [8, 16, 32, 64].includes(bits as number) && (unsigned === undefined || typeof unsigned === 'boolean')
      )
    case 'float':
      return bits === 32 || bits === 64
    case 'decimal':
      return [precision, scale].every((count) => count === undefined || Number.isInteger(count))
    case 'timestamp':
      return typeof zoned === 'boolean'
    default:
      return ['boolean', 'text', 'binary', 'date', 'json'].includes(kind as string)
  }
}

/** Type of a column that only the code knows, from its first value. */
export function inferredType(value: unknown): LogicalType {
  if (typeof value === 'boolean') return { kind: 'boolean' }
  if (typeof value === 'bigint') return { kind: 'integer', bits: 64 }
  if (typeof value === 'number') return { kind: 'float', bits: 64 }
  if (value instanceof Uint8Array) return { kind: 'binary' }
  if (value instanceof Date) return { kind: 'timestamp', zoned: true }
  return typeof value === 'object' && value !== null ? { kind: 'json' } : { kind: 'text' }
}

function invalid(message: string, path: string): Error {
  return fault('map-invalid', message, { path, fix: `Types are ${fieldTypeNames.join(', ')}` })
}
