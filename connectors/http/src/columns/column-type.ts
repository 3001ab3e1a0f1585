import type { LogicalType } from '@bulkhead/connector-sdk'

/** Types of columns as a query names them: those of mapping code, and seconds or milliseconds since 1970. */
export interface ColumnType {
  readonly logical: LogicalType
  /** Numbers since 1970 that become a moment: how many microseconds is one. */
  readonly epochMicros?: bigint
}

const byName: Readonly<Record<string, ColumnType>> = {
  boolean: { logical: { kind: 'boolean' } },
  integer: { logical: { kind: 'integer', bits: 64 } },
  integer8: { logical: { kind: 'integer', bits: 8 } },
  integer16: { logical: { kind: 'integer', bits: 16 } },
  integer32: { logical: { kind: 'integer', bits: 32 } },
  integer64: { logical: { kind: 'integer', bits: 64 } },
  unsigned8: { logical: { kind: 'integer', bits: 8, unsigned: true } },
  unsigned16: { logical: { kind: 'integer', bits: 16, unsigned: true } },
  unsigned32: { logical: { kind: 'integer', bits: 32, unsigned: true } },
  unsigned64: { logical: { kind: 'integer', bits: 64, unsigned: true } },
  float: { logical: { kind: 'float', bits: 64 } },
  float32: { logical: { kind: 'float', bits: 32 } },
  float64: { logical: { kind: 'float', bits: 64 } },
  decimal: { logical: { kind: 'decimal' } },
  text: { logical: { kind: 'text' } },
  binary: { logical: { kind: 'binary' } },
  date: { logical: { kind: 'date' } },
  timestamp: { logical: { kind: 'timestamp', zoned: false } },
  timestamptz: { logical: { kind: 'timestamp', zoned: true } },
  'epoch-seconds': { logical: { kind: 'timestamp', zoned: true }, epochMicros: 1_000_000n },
  'epoch-milliseconds': { logical: { kind: 'timestamp', zoned: true }, epochMicros: 1000n },
  json: { logical: { kind: 'json' } },
}

/** What a type of the query looks like. */
export const columnTypePattern = new RegExp(
  `^(${Object.keys(byName).join('|')}|decimal\\([0-9]{1,2}(, ?[0-9]{1,2})?\\))$`,
)

/** @returns undefined for a name that is none, or a decimal whose scale is larger than its precision */
export function columnType(name: string): ColumnType | undefined {
  if (Object.hasOwn(byName, name)) return byName[name]
  const match = /^decimal\((\d{1,2})(?:, ?(\d{1,2}))?\)$/.exec(name)
  if (match === null) return undefined
  const [precision, scale] = [Number(match[1]), Number(match[2] ?? 0)]
  return precision < 1 || scale > precision ? undefined : { logical: { kind: 'decimal', precision, scale } }
}
