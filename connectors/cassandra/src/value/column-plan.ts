import type { types } from 'cassandra-driver'
import type { Field, Value } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'
import { type CqlType, cqlType, faultOf, isScalar, logicalType, typeName } from './cql-type.ts'
import { jsonText } from './json-value.ts'
import { bytesOf, scalarValue } from './scalar-value.ts'

/** A column of a result, and how its values are read. */
export interface ColumnPlan {
  readonly field: Field
  readonly valueOf: (value: unknown) => Value
}

export type ResultColumns = types.ResultSet['columns']

/**
 * How the columns of a result are read.
 * @throws BulkheadError `cassandra-duplicate-column`, `cassandra-type-unsupported`
 */
export function columnPlans(columns: ResultColumns): readonly ColumnPlan[] {
  const seen = new Set<string>()
  return columns.map(({ name, type }) => {
    // The client keeps a row as an object by name: one of two values would be lost.
    if (seen.has(name) || reserved.has(name)) {
      throw cassandraError('cassandra-duplicate-column', `The column "${name}" needs a name of its own`, {
        path: 'query',
      })
    }
    seen.add(name)
    return columnPlan(name, cqlType(type))
  })
}

/** Names that an object of the client keeps for itself. */
const reserved = new Set(['__proto__', '__columns'])

function columnPlan(name: string, type: CqlType): ColumnPlan {
  const fault = faultOf(type)
  if (fault !== undefined) {
    throw cassandraError('cassandra-type-unsupported', `The column "${name}" cannot be read: ${fault}`, {
      path: 'query',
    })
  }
  const logical = logicalType(type)
  const field: Field = { name, type: logical, nullable: true, sourceType: typeName(type) }
  return {
    field,
    valueOf: (value) => (value === null || value === undefined ? null : read(type, value, name)),
  }
}

function read(type: CqlType, value: unknown, name: string): Value {
  if (isScalar(type)) return scalarValue(type.kind, value, name)
  return type.kind === 'custom' ? bytesOf(value as Buffer) : jsonText(type, value, name)
}

/** Whether two pages have the same columns: a table may be altered in between. */
export function sameColumns(a: ResultColumns, b: ResultColumns): boolean {
  return (
    a.length === b.length &&
    a.every((column, index) => {
      const other = b[index]
      return (
        other !== undefined &&
        column.name === other.name &&
        typeName(cqlType(column.type)) === typeName(cqlType(other.type))
      )
    })
  )
}
