import type { LogicalType } from '@bulkhead/connector-sdk'

const byName: Readonly<Record<string, LogicalType>> = {
  text: { kind: 'text' },
  boolean: { kind: 'boolean' },
  integer: { kind: 'integer', bits: 64 },
  integer8: { kind: 'integer', bits: 8 },
  integer16: { kind: 'integer', bits: 16 },
  integer32: { kind: 'integer', bits: 32 },
  unsigned64: { kind: 'integer', bits: 64, unsigned: true },
  float: { kind: 'float', bits: 64 },
  decimal: { kind: 'decimal' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp', zoned: false },
  timestamptz: { kind: 'timestamp', zoned: true },
  json: { kind: 'json' },
}

/** What a type of the query looks like. */
export const columnTypePattern = new RegExp(
  `^(${Object.keys(byName).join('|')}|decimal\\([0-9]{1,2}(, ?[0-9]{1,2})?\\))$`,
)

/** @returns undefined for a name that is none, or a decimal whose scale is larger than its precision */
export function columnType(name: string): LogicalType | undefined {
  if (Object.hasOwn(byName, name)) return byName[name]
  const match = /^decimal\((\d{1,2})(?:, ?(\d{1,2}))?\)$/.exec(name)
  if (match === null) return undefined
  const [precision, scale] = [Number(match[1]), Number(match[2] ?? 0)]
  return precision < 1 || scale > precision ? undefined : { kind: 'decimal', precision, scale }
}
