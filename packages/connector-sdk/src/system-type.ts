import type { LogicalType } from './types.ts'

/** The logical types by name, as the generated tables of types have them: one name for each way of keeping values. */
export const logicalTypeNames = [
  'boolean',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float32',
  'float64',
  'decimal(p,s)',
  'decimal',
  'text',
  'binary',
  'date',
  'timestamp',
  'instant',
  'json',
] as const
export type LogicalTypeName = (typeof logicalTypeNames)[number]

/**
 * What types of the system become, as data: copied into `connector.json`, from which the reference makes the
 * table "system type, logical type, formats". A type that becomes different things has a line for each,
 * and `note` says which when.
 */
export interface SystemType {
  /** Names of types that fare alike, as the system's own documentation writes them: `numeric(p,s)`, `varchar(n)`. */
  readonly system: readonly string[]
  /** What they become; `refused` when a column of the type fails before the first row. */
  readonly becomes: LogicalTypeName | 'refused'
  /** What a reader has to know: which values fail, which setting or format changes it, how the text reads. */
  readonly note?: string
}

/** The name of a logical type in the tables. */
export function logicalTypeName(type: LogicalType): LogicalTypeName {
  switch (type.kind) {
    case 'integer':
      return `${type.unsigned === true ? 'uint' : 'int'}${type.bits}`
    case 'float':
      return `float${type.bits}`
    case 'decimal':
      return type.precision === undefined ? 'decimal' : 'decimal(p,s)'
    case 'timestamp':
      return type.zoned ? 'instant' : 'timestamp'
    case 'boolean':
    case 'text':
    case 'binary':
    case 'date':
    case 'json':
      return type.kind
  }
  return type satisfies never
}
