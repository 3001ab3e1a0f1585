import type { LogicalType } from '@bulkhead/connector-sdk'
import type { Session } from '../session/session.ts'

/**
 * How a type travels from the server:
 * - the built-in ones that are decoded here, each by its own name
 * - `text`: everything else, as the text of its output function
 * - `nested`: arrays, composites, and types with a cast to json, which JSON keeps as a structure
 */
export type Encoding =
  | 'boolean'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'bytea'
  | 'json'
  | 'jsonb'
  | 'uuid'
  | 'plainText'
  | 'text'
  | 'nested'

export interface ServerType {
  /** As it may stand behind `::`, without length or precision. */
  readonly name: string
  readonly encoding: Encoding
  readonly isArray: boolean
  /** Its output function, qualified: what `::text` would give is not always the same. */
  readonly output: string
}

/** Built-in types that need no look-up. @see pg_type.dat of PostgreSQL, whose numbers never change */
const builtIn = new Map<number, readonly [name: string, encoding: Encoding, output: string]>([
  [16, ['boolean', 'boolean', 'boolout']],
  [17, ['bytea', 'bytea', 'byteaout']],
  [18, ['"char"', 'text', 'charout']],
  [19, ['name', 'plainText', 'nameout']],
  [20, ['bigint', 'int8', 'int8out']],
  [21, ['smallint', 'int2', 'int2out']],
  [23, ['integer', 'int4', 'int4out']],
  [25, ['text', 'plainText', 'textout']],
  [26, ['oid', 'text', 'oidout']],
  [114, ['json', 'json', 'json_out']],
  [142, ['xml', 'text', 'xml_out']],
  [650, ['cidr', 'text', 'cidr_out']],
  [700, ['real', 'float4', 'float4out']],
  [701, ['double precision', 'float8', 'float8out']],
  [790, ['money', 'text', 'cash_out']],
  [829, ['macaddr', 'text', 'macaddr_out']],
  [869, ['inet', 'text', 'inet_out']],
  [1042, ['bpchar', 'plainText', 'bpcharout']],
  [1043, ['character varying', 'plainText', 'varcharout']],
  [1082, ['date', 'date', 'date_out']],
  [1083, ['time without time zone', 'text', 'time_out']],
  [1114, ['timestamp without time zone', 'timestamp', 'timestamp_out']],
  [1184, ['timestamp with time zone', 'timestamptz', 'timestamptz_out']],
  [1186, ['interval', 'text', 'interval_out']],
  [1266, ['time with time zone', 'text', 'timetz_out']],
  [1700, ['numeric', 'numeric', 'numeric_out']],
  [2950, ['uuid', 'uuid', 'uuid_out']],
  [3802, ['jsonb', 'jsonb', 'jsonb_out']],
])

/** Types by their number, each asked of the server at most once. */
export type TypesByOid = ReadonlyMap<number, ServerType>

/**
 * One round trip when there is a type that is not built in, none else.
 * @param oids  bounded by the columns and parameters of one query
 */
export async function lookUpTypes(session: Session, oids: readonly number[]): Promise<TypesByOid> {
  const types = new Map<number, ServerType>()
  const unknown = new Set<number>()
  for (const oid of oids) {
    const known = builtIn.get(oid)
    if (known === undefined) unknown.add(oid)
    else {
      const [name, encoding, output] = known
      types.set(oid, { name, encoding, isArray: false, output: `pg_catalog.${output}` })
    }
  }
  if (unknown.size === 0) return types

  const [result] = await session.run([{ run: lookUp, values: [`{${[...unknown].join(',')}}`] }])
  for (const [oid, name, isArray, isNested, output] of result?.rows ?? []) {
    types.set(Number(oid), {
      name: name ?? '',
      encoding: isNested === 't' ? 'nested' : 'text',
      isArray: isArray === 't',
      output: output ?? '',
    })
  }
  return types
}

/**
 * `format_type` with -1 and not null: with null it would say `character` for bpchar, which cuts at one.
 * What counts as nested is what `row_to_json` does not write as a text.
 */
const lookUp = `
SELECT t.oid, pg_catalog.format_type(t.oid, -1), kind.is_array,
       kind.is_array OR t.typtype = 'c' OR t.oid = 2249 OR EXISTS (
         SELECT FROM pg_catalog.pg_cast c
         WHERE c.castsource = t.oid AND c.casttarget = 114 AND c.castmethod = 'f'),
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (SELECT t.typcategory = 'A' OR t.oid = 2287 AS is_array) AS kind
WHERE t.oid = ANY ($1::pg_catalog.oid[])`

/** How values of a type are laid out in columns. */
export function logicalType(encoding: Encoding, typeModifier: number): LogicalType {
  switch (encoding) {
    case 'boolean':
      return { kind: 'boolean' }
    case 'int2':
      return { kind: 'integer', bits: 16 }
    case 'int4':
      return { kind: 'integer', bits: 32 }
    case 'int8':
      return { kind: 'integer', bits: 64 }
    case 'float4':
      return { kind: 'float', bits: 32 }
    case 'float8':
      return { kind: 'float', bits: 64 }
    case 'numeric':
      return { kind: 'decimal', ...precision(typeModifier) }
    case 'date':
      return { kind: 'date' }
    case 'timestamp':
      return { kind: 'timestamp', zoned: false }
    case 'timestamptz':
      return { kind: 'timestamp', zoned: true }
    case 'bytea':
      return { kind: 'binary' }
    case 'json':
    case 'jsonb':
    case 'nested':
      return { kind: 'json' }
    case 'uuid':
    case 'plainText':
    case 'text':
      return { kind: 'text' }
    default:
      return encoding satisfies never
  }
}

/** Since PostgreSQL 15 a scale may be negative or larger than the precision; such a column has no bound here. */
function precision(typeModifier: number): { precision?: number; scale?: number } {
  const decoded = numericModifier(typeModifier)
  return decoded === undefined || decoded.scale < 0 || decoded.scale > decoded.precision ? {} : decoded
}

function numericModifier(typeModifier: number): { precision: number; scale: number } | undefined {
  if (typeModifier < 4) return undefined
  const packed = typeModifier - 4
  // Eleven bits with sign.
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 0x400) - 0x400 }
}

/** The name of a type as `psql` shows it, with its length or precision. */
export function displayName({ name, encoding }: ServerType, typeModifier: number): string {
  if (typeModifier < 0) return name === 'bpchar' ? 'character' : name
  if (name === 'bpchar') return `character(${typeModifier - 4})`
  if (name === 'character varying') return `${name}(${typeModifier - 4})`
  const decimal = encoding === 'numeric' ? numericModifier(typeModifier) : undefined
  if (decimal !== undefined) return `numeric(${decimal.precision},${decimal.scale})`
  return name
}
