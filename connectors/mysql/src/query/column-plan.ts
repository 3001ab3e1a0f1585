import type { Field, LogicalType } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import { mysqlError } from '../errors.ts'
import type { DescribedColumn } from '../wire/server-packets.ts'

/** How the values of a column travel in the binary protocol, and what becomes of them. */
export type Encoding =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'boolean'
  | 'bit'
  | 'bit1'
  | 'date'
  | 'timestamp'
  | 'dateText'
  | 'timestampText'
  | 'timeText'
  | 'decimal'
  | 'bytes'
  | 'geometry'

export interface ColumnPlan {
  readonly field: Field
  readonly encoding: Encoding
  /** Digits of fractions of a second: 0 to 6. */
  readonly digits: number
  /** Whether dates that no calendar has are null; else they are an error. */
  readonly zeroIsNull: boolean
}

/** Numbers of types. @see https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
const type = {
  tinyint: 1,
  smallint: 2,
  int: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  bigint: 8,
  mediumint: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newDate: 14,
  varchar: 15,
  bit: 16,
  vector: 242,
  json: 245,
  decimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const

const flag = { unsigned: 32, enum: 256, set: 2048 } as const
/** The character set of what is no text. */
const binary = 63

/** @throws BulkheadError `mysql-type-unknown` */
export function planColumns(
  columns: readonly DescribedColumn[],
  settings: Pick<Config, 'zeroDates' | 'tinyint1'>,
): readonly ColumnPlan[] {
  return columns.map((column) => {
    const [encoding, logical, name] = decide(column, settings)
    return {
      field: {
        name: column.name,
        type: logical,
        nullable: true,
        sourceType: name,
        ...(logical.kind === 'boolean' ? { booleanText: ['0', '1'] as const } : {}),
      },
      encoding,
      digits: column.decimals > 6 ? 6 : column.decimals,
      zeroIsNull: settings.zeroDates === 'null',
    }
  })
}

type Decision = readonly [encoding: Encoding, type: LogicalType, name: string]

function decide(
  column: DescribedColumn,
  { zeroDates, tinyint1 }: Pick<Config, 'zeroDates' | 'tinyint1'>,
): Decision {
  const unsigned = (column.flags & flag.unsigned) !== 0
  const asText = zeroDates === 'text'
  switch (column.type) {
    case type.tinyint:
      if (tinyint1 === 'boolean' && column.length === 1) return ['boolean', { kind: 'boolean' }, 'tinyint(1)']
      return integer(unsigned ? 'uint8' : 'int8', 8, unsigned, 'tinyint')
    case type.smallint:
      return integer(unsigned ? 'uint16' : 'int16', 16, unsigned, 'smallint')
    case type.year:
      return ['uint16', { kind: 'integer', bits: 16, unsigned: true }, 'year']
    case type.mediumint:
      return integer(unsigned ? 'uint32' : 'int32', 32, unsigned, 'mediumint')
    case type.int:
      return integer(unsigned ? 'uint32' : 'int32', 32, unsigned, 'int')
    case type.bigint:
      return integer('int64', 64, unsigned, 'bigint')
    case type.float:
      return ['float32', { kind: 'float', bits: 32 }, 'float']
    case type.double:
      return ['float64', { kind: 'float', bits: 64 }, 'double']
    case type.decimal:
      return decimal(column, unsigned)
    case type.bit:
      if (column.length === 1) return ['bit1', { kind: 'boolean' }, 'bit(1)']
      return ['bit', { kind: 'integer', bits: 64, unsigned: true }, `bit(${column.length})`]
    case type.date:
    case type.newDate:
      return asText ? ['dateText', { kind: 'text' }, 'date'] : ['date', { kind: 'date' }, 'date']
    case type.datetime:
    case type.timestamp: {
      const zoned = column.type === type.timestamp
      const name = withDigits(zoned ? 'timestamp' : 'datetime', column.decimals)
      return asText
        ? ['timestampText', { kind: 'text' }, name]
        : ['timestamp', { kind: 'timestamp', zoned }, name]
    }
    case type.time:
      return ['timeText', { kind: 'text' }, withDigits('time', column.decimals)]
    case type.json:
      return ['bytes', { kind: 'json' }, 'json']
    case type.geometry:
      return ['geometry', { kind: 'binary' }, column.format ?? 'geometry']
    case type.vector:
      return ['bytes', { kind: 'binary' }, 'vector']
    case type.null:
      return ['bytes', { kind: 'text' }, 'null']
    case type.varchar:
    case type.varString:
    case type.string:
    case type.enum:
    case type.set:
    case type.tinyBlob:
    case type.mediumBlob:
    case type.longBlob:
    case type.blob:
      return textOrBinary(column)
    default:
      throw mysqlError(
        'mysql-type-unknown',
        `The column "${column.name}" has the type ${column.type}, which this connector does not know`,
        { path: 'query' },
      )
  }
}

function integer(encoding: Encoding, bits: 8 | 16 | 32 | 64, unsigned: boolean, name: string): Decision {
  return [
    encoding,
    unsigned ? { kind: 'integer', bits, unsigned } : { kind: 'integer', bits },
    unsigned ? `${name} unsigned` : name,
  ]
}

function decimal({ length, decimals }: DescribedColumn, unsigned: boolean): Decision {
  // The length counts the sign and the point.
  const precision = length - (unsigned ? 0 : 1) - (decimals > 0 ? 1 : 0)
  const sure = precision >= Math.max(1, decimals) && precision <= 65
  return [
    'decimal',
    sure ? { kind: 'decimal', precision, scale: decimals } : { kind: 'decimal' },
    sure ? `decimal(${precision},${decimals})` : 'decimal',
  ]
}

function textOrBinary({ charset, flags, type: number, format }: DescribedColumn): Decision {
  if (format === 'json') return ['bytes', { kind: 'json' }, 'json']
  if ((flags & flag.enum) !== 0 || number === type.enum) return ['bytes', { kind: 'text' }, 'enum']
  if ((flags & flag.set) !== 0 || number === type.set) return ['bytes', { kind: 'text' }, 'set']
  const large = number >= type.tinyBlob && number <= type.blob
  if (charset === binary && format === undefined)
    return ['bytes', { kind: 'binary' }, large ? 'blob' : number === type.string ? 'binary' : 'varbinary']
  return ['bytes', { kind: 'text' }, format ?? (large ? 'text' : number === type.string ? 'char' : 'varchar')]
}

function withDigits(name: string, digits: number): string {
  return digits > 0 && digits <= 6 ? `${name}(${digits})` : name
}
