import type { Reading } from '../columns/field-type.ts'

/** What a column becomes, by the type that the plugin says. What is not listed becomes JSON, which keeps everything. */
export function sqlReading(type: string): Reading {
  const of = (logical: Reading['type']): Reading => ({ type: logical, sourceType: type })
  switch (type) {
    case 'boolean':
      return of({ kind: 'boolean' })
    case 'byte':
      return of({ kind: 'integer', bits: 8 })
    case 'short':
      return of({ kind: 'integer', bits: 16 })
    case 'integer':
      return of({ kind: 'integer', bits: 32 })
    case 'long':
      return of({ kind: 'integer', bits: 64 })
    case 'float':
    case 'half_float':
    case 'scaled_float':
    case 'double':
      return of({ kind: 'float', bits: 64 })
    case 'keyword':
    case 'text':
    case 'string':
    case 'ip':
    case 'time':
    case 'interval':
      return of({ kind: 'text' })
    case 'date':
      return of({ kind: 'date' })
    case 'timestamp':
      return of({ kind: 'timestamp', zoned: true })
    case 'binary':
      return of({ kind: 'binary' })
    default:
      return of({ kind: 'json' })
  }
}
