import type { LogicalType, SystemType } from '@bulkhead/connector-sdk'
import type { ColumnType } from '../query/query.ts'
import type { MappedField } from './mapping.ts'

/** How the values of a column are read. `epoch` is the unit of numbers among dates. */
export interface Reading {
  readonly type: LogicalType
  readonly epoch?: 'seconds' | 'milliseconds' | undefined
  /** Numbers and truth values are taken as the text that they are. */
  readonly sourceType?: string
}

/** Formats of dates that ISO 8601 covers; a text of another format is kept as text. */
const isoFormats = new Set([
  'strict_date_optional_time',
  'strict_date_optional_time_nanos',
  'date_optional_time',
  'strict_date_time',
  'date_time',
  'strict_date_time_no_millis',
  'date_time_no_millis',
  'strict_date',
  'date',
])
const USUAL_FORMAT = 'strict_date_optional_time||epoch_millis'

/** What a column of a field of the mapping becomes. What is not listed becomes JSON, which keeps everything. */
export function readingOf({ type, format }: MappedField): Reading {
  const of = (logical: LogicalType): Reading => ({ type: logical, sourceType: type })
  switch (type) {
    case 'text':
    case 'keyword':
    case 'wildcard':
    case 'match_only_text':
    case 'constant_keyword':
    case 'search_as_you_type':
    case 'ip':
    case 'date_nanos':
      return of({ kind: 'text' })
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
    case 'unsigned_long':
      return of({ kind: 'integer', bits: 64, unsigned: true })
    case 'double':
    case 'float':
    case 'half_float':
      return of({ kind: 'float', bits: 64 })
    case 'scaled_float':
      return of({ kind: 'decimal' })
    case 'binary':
      return of({ kind: 'binary' })
    case 'date': {
      const formats = (format ?? USUAL_FORMAT).split('||')
      const epochs = formats.filter((one) => one.startsWith('epoch_'))
      const isRead = formats.every((one) => isoFormats.has(one) || epochs.includes(one)) && epochs.length < 2
      if (!isRead) return of({ kind: 'text' })
      const epoch =
        epochs[0] === undefined ? undefined : epochs[0] === 'epoch_second' ? 'seconds' : 'milliseconds'
      return { ...of({ kind: 'timestamp', zoned: true }), epoch }
    }
    default:
      return of({ kind: 'json' })
  }
}

/** What a column becomes when the query says its type. */
export function readingAs(type: ColumnType): Reading {
  switch (type) {
    case 'integer':
      return { type: { kind: 'integer', bits: 64 } }
    case 'float':
      return { type: { kind: 'float', bits: 64 } }
    case 'timestamp':
      return { type: { kind: 'timestamp', zoned: true }, epoch: 'milliseconds' }
    case 'boolean':
    case 'decimal':
    case 'text':
    case 'date':
    case 'binary':
    case 'json':
      return { type: { kind: type } }
  }
  return type satisfies never
}

/** The same as data, for the reference; `types.server.test.ts` holds it to what a server makes of each. */
export const types: readonly SystemType[] = [
  {
    system: [
      'text',
      'keyword',
      'wildcard',
      'match_only_text',
      'constant_keyword',
      'search_as_you_type',
      'ip',
    ],
    becomes: 'text',
    note: 'Numbers and truth values of the document are taken as they are written; a list fails by `opensearch-value-unfit`',
  },
  { system: ['boolean'], becomes: 'boolean', note: 'The texts `true`, `false` and the empty one too' },
  { system: ['byte'], becomes: 'int8' },
  { system: ['short'], becomes: 'int16' },
  { system: ['integer'], becomes: 'int32' },
  {
    system: ['long'],
    becomes: 'int64',
    note: 'Whole numbers in text too; a fraction, which the server would cut off, fails by `opensearch-value-unfit`',
  },
  { system: ['unsigned_long'], becomes: 'uint64' },
  {
    system: ['double', 'float', 'half_float'],
    becomes: 'float64',
    note: 'A number with more digits than a float keeps fails by `opensearch-value-unfit`',
  },
  { system: ['scaled_float'], becomes: 'decimal', note: 'As the document writes it' },
  { system: ['binary'], becomes: 'binary' },
  {
    system: ['date'],
    becomes: 'instant',
    note: 'ISO 8601 and numbers since 1970, in UTC; a fraction of a microsecond fails by `opensearch-value-unfit`',
  },
  {
    system: ['date_nanos'],
    becomes: 'text',
    note: 'As the document writes it; so are dates of another format',
  },
  {
    system: [
      'object',
      'nested',
      'flat_object',
      'geo_point',
      'geo_shape',
      'integer_range',
      'long_range',
      'float_range',
      'double_range',
      'date_range',
      'ip_range',
      'join',
      'completion',
      'token_count',
      'percolator',
      'rank_feature',
      'rank_features',
    ],
    becomes: 'json',
    note: 'As the document writes it, and so is every type that is not in this table',
  },
]
