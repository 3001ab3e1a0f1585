import type { Field, LogicalType } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { decimalBounds } from './decimal128.ts'

/**
 * The schema of a result in Avro: one record, each column a field.
 *
 * Names of Avro are letters, digits and underscores of ASCII, and begin with no digit. In any other
 * column name each character that is none of these becomes an underscore, and one more comes before a
 * leading digit; the field keeps the name of the column as its property `originalName`.
 *
 * @see https://avro.apache.org/docs/1.12.0/specification/
 */

type AvroType = string | Readonly<Record<string, string | number>>

/** @throws BulkheadError `column-duplicate` for columns whose names would be the same */
export function avroSchema(fields: readonly Field[]): string {
  const columns = new Map<string, string>()
  return JSON.stringify({
    type: 'record',
    name: 'Row',
    fields: fields.map((field) => {
      const name = avroName(field.name)
      const other = columns.get(name)
      if (other !== undefined) throw sameName(other, field.name, name)
      columns.set(name, field.name)
      return {
        name,
        ...(name !== field.name && { originalName: field.name }),
        ...(field.nullable
          ? { type: ['null', avroType(field.type)], default: null }
          : { type: avroType(field.type) }),
      }
    }),
  })
}

/** The name of a column as Avro can have it. */
function avroName(column: string): string {
  const name = column.replaceAll(/[^A-Za-z0-9_]/gu, '_')
  return name === '' || /^\d/.test(name) ? `_${name}` : name
}

/** The type of a value that is not null. */
function avroType(type: LogicalType): AvroType {
  switch (type.kind) {
    case 'boolean':
      return 'boolean'
    case 'integer':
      if (type.unsigned !== true) return type.bits === 64 ? 'long' : 'int'
      // Avro has no integer without sign: the next larger type holds all values.
      if (type.bits === 64) return decimalType(20, 0)
      return type.bits === 32 ? 'long' : 'int'
    case 'float':
      return type.bits === 32 ? 'float' : 'double'
    case 'decimal': {
      const bounds = decimalBounds(type)
      return bounds === undefined ? 'string' : decimalType(bounds.digits, bounds.after)
    }
    case 'text':
    case 'json':
      return 'string'
    case 'binary':
      return 'bytes'
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'timestamp':
      return { type: 'long', logicalType: type.zoned ? 'timestamp-micros' : 'local-timestamp-micros' }
  }
  return type satisfies never
}

function decimalType(precision: number, scale: number): AvroType {
  return { type: 'bytes', logicalType: 'decimal', precision, scale }
}

function sameName(first: string, second: string, name: string): Error {
  return fault(
    'column-duplicate',
    first === second
      ? `Avro cannot hold two columns named "${first}"`
      : `The columns "${first}" and "${second}" would both be "${name}" in Avro`,
    { path: 'output.format' },
  )
}
