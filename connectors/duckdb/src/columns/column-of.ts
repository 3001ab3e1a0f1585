import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api'
import type { Field, LogicalType } from '@bulkhead/connector-sdk'
import { failure } from '../errors.ts'
import { jsonReader, plainReader } from '../vectors/json-reader.ts'
import type { ColumnWriter } from './column-writer.ts'
import { fixedColumn } from './fixed-column.ts'
import { RenderedWriter } from './rendered-column.ts'
import { TextWriter } from './text-column.ts'

/** Longest name of a type that a field carries: an enum has all its values in it. */
const MAX_TYPE_NAME = 200

/**
 * The field of a column of the result.
 * @throws `duckdb-type-unsupported` for a type that has no exact form
 */
export function fieldOf(name: string, type: DuckDBType): Field {
  const unsupported = findUnsupported(type)
  if (unsupported !== undefined) {
    throw failure('duckdb-type-unsupported', `The column ${name} has the type ${unsupported}`, {
      path: 'query',
    })
  }
  // DuckDB does not say which columns of a query are never null.
  return { name, type: logicalType(type), nullable: true, sourceType: typeName(type) }
}

export function writerOf(name: string, type: DuckDBType): ColumnWriter {
  const fixed = fixedColumn(type, name)
  if (fixed !== undefined) return fixed
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are alike
  switch (logicalType(type).kind) {
    case 'json':
      return isJsonText(type)
        ? new TextWriter()
        : new RenderedWriter((vector, rows) => jsonReader(type, vector, rows))
    case 'text':
      if (type.typeId === DuckDBTypeId.VARCHAR) return new TextWriter()
      return new RenderedWriter((vector, rows) => plainReader(type, vector, rows))
    case 'binary':
      return new TextWriter()
    default:
      return new RenderedWriter((vector, rows) => plainReader(type, vector, rows))
  }
}

const simple: Readonly<Partial<Record<DuckDBTypeId, LogicalType>>> = {
  [DuckDBTypeId.BOOLEAN]: { kind: 'boolean' },
  [DuckDBTypeId.TINYINT]: { kind: 'integer', bits: 8 },
  [DuckDBTypeId.SMALLINT]: { kind: 'integer', bits: 16 },
  [DuckDBTypeId.INTEGER]: { kind: 'integer', bits: 32 },
  [DuckDBTypeId.BIGINT]: { kind: 'integer', bits: 64 },
  [DuckDBTypeId.UTINYINT]: { kind: 'integer', bits: 8, unsigned: true },
  [DuckDBTypeId.USMALLINT]: { kind: 'integer', bits: 16, unsigned: true },
  [DuckDBTypeId.UINTEGER]: { kind: 'integer', bits: 32, unsigned: true },
  [DuckDBTypeId.UBIGINT]: { kind: 'integer', bits: 64, unsigned: true },
  // 128 bits have up to 39 digits.
  [DuckDBTypeId.HUGEINT]: { kind: 'decimal', precision: 39, scale: 0 },
  [DuckDBTypeId.UHUGEINT]: { kind: 'decimal', precision: 39, scale: 0 },
  [DuckDBTypeId.BIGNUM]: { kind: 'decimal' },
  [DuckDBTypeId.FLOAT]: { kind: 'float', bits: 32 },
  [DuckDBTypeId.DOUBLE]: { kind: 'float', bits: 64 },
  [DuckDBTypeId.BLOB]: { kind: 'binary' },
  [DuckDBTypeId.GEOMETRY]: { kind: 'binary' },
  [DuckDBTypeId.DATE]: { kind: 'date' },
  [DuckDBTypeId.TIMESTAMP]: { kind: 'timestamp', zoned: false },
  [DuckDBTypeId.TIMESTAMP_S]: { kind: 'timestamp', zoned: false },
  [DuckDBTypeId.TIMESTAMP_MS]: { kind: 'timestamp', zoned: false },
  [DuckDBTypeId.TIMESTAMP_NS]: { kind: 'timestamp', zoned: false },
  [DuckDBTypeId.TIMESTAMP_TZ]: { kind: 'timestamp', zoned: true },
}

function logicalType(type: DuckDBType): LogicalType {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are alike
  switch (type.typeId) {
    case DuckDBTypeId.DECIMAL:
      return { kind: 'decimal', precision: type.width, scale: type.scale }
    case DuckDBTypeId.VARCHAR:
      return { kind: isJsonText(type) ? 'json' : 'text' }
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
    case DuckDBTypeId.STRUCT:
    case DuckDBTypeId.MAP:
    case DuckDBTypeId.UNION:
      return { kind: 'json' }
    default:
      return simple[type.typeId] ?? { kind: 'text' }
  }
}

function isJsonText(type: DuckDBType): boolean {
  return type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON'
}

const known = new Set<DuckDBTypeId>([
  ...Object.keys(simple).map(Number),
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.VARCHAR,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIME_NS,
  DuckDBTypeId.TIME_TZ,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.UUID,
  DuckDBTypeId.ENUM,
  DuckDBTypeId.BIT,
  DuckDBTypeId.SQLNULL,
])

/** The type inside this one that nothing can read, such as VARIANT. */
function findUnsupported(type: DuckDBType): string | undefined {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are alike
  switch (type.typeId) {
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return findUnsupported(type.valueType)
    case DuckDBTypeId.STRUCT:
      return firstUnsupported(type.entryTypes)
    case DuckDBTypeId.UNION:
      return firstUnsupported(type.memberTypes)
    case DuckDBTypeId.MAP:
      return firstUnsupported([type.keyType, type.valueType])
    default:
      return known.has(type.typeId) ? undefined : typeName(type)
  }
}

function firstUnsupported(types: readonly DuckDBType[]): string | undefined {
  return types.map(findUnsupported).find((name) => name !== undefined)
}

function typeName(type: DuckDBType): string {
  const name = type.alias ?? type.toString()
  return name.length > MAX_TYPE_NAME ? `${name.slice(0, MAX_TYPE_NAME)}…` : name
}
