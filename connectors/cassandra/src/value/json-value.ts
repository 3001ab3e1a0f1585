import { floatJson } from '@bulkhead/connector-sdk'
import type { types } from 'cassandra-driver'
import { cassandraError } from '../errors.ts'
import type { CqlType } from './cql-type.ts'
import { momentText } from './moment-text.ts'
import { scalarValue } from './scalar-value.ts'

/**
 * The JSON text of a value inside a collection, tuple, vector or user-defined type: what the same value
 * reads like as a column of its own in JSON Lines. Numbers are exact; keys of a map are texts, and the
 * JSON text of a key that is none.
 */
export function jsonText(type: CqlType, value: unknown, column: string): string {
  if (value === null || value === undefined) return 'null'
  switch (type.kind) {
    case 'list':
    case 'set':
      return `[${(value as unknown[]).map((item) => jsonText(type.of, item, column)).join(',')}]`
    case 'vector':
      return `[${(value as types.Vector).elements.map((item) => jsonText(type.of, item, column)).join(',')}]`
    case 'map': {
      const entries = [...(value as Map<unknown, unknown>)].map(
        ([key, item]) => `${keyText(type.key, key, column)}:${jsonText(type.value, item, column)}`,
      )
      return `{${entries.join(',')}}`
    }
    case 'tuple': {
      const { elements } = value as types.Tuple
      return `[${type.items.map((item, index) => jsonText(item, elements[index], column)).join(',')}]`
    }
    case 'udt': {
      const fields = value as Readonly<Record<string, unknown>>
      const entries = type.fields.map((field) => {
        // A field that was added to the type later is not in older values.
        const item = Object.hasOwn(fields, field.name) ? fields[field.name] : null
        return `${JSON.stringify(field.name)}:${jsonText(field.type, item, column)}`
      })
      return `{${entries.join(',')}}`
    }
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'counter':
    case 'varint':
      return String(value as boolean | number | bigint)
    case 'decimal':
      return String(scalarValue(type.kind, value, column))
    case 'double':
      return floatJson(value as number, 64)
    case 'float':
      return floatJson(value as number, 32)
    case 'timestamp':
      return JSON.stringify(momentText((value as Date).getTime(), 'json', column))
    case 'blob':
      return `"\\\\x${(value as Buffer).toString('hex')}"`
    case 'ascii':
    case 'text':
    case 'date':
    case 'time':
    case 'duration':
    case 'inet':
    case 'uuid':
    case 'timeuuid':
      return JSON.stringify(scalarValue(type.kind, value, column))
    case 'custom':
      throw cassandraError('cassandra-type-unsupported', `Column "${column}" holds values of a foreign class`)
  }
  return type satisfies never
}

function keyText(type: CqlType, key: unknown, column: string): string {
  const text = jsonText(type, key, column)
  return text.startsWith('"') ? text : JSON.stringify(text)
}
