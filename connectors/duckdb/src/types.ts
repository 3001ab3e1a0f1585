import type { SystemType } from '@bulkhead/connector-sdk'

/** What every type of DuckDB becomes. */
export const types: readonly SystemType[] = [
  { system: ['BOOLEAN'], becomes: 'boolean' },
  { system: ['TINYINT'], becomes: 'int8' },
  { system: ['SMALLINT'], becomes: 'int16' },
  { system: ['INTEGER'], becomes: 'int32' },
  { system: ['BIGINT'], becomes: 'int64' },
  { system: ['UTINYINT'], becomes: 'uint8' },
  { system: ['USMALLINT'], becomes: 'uint16' },
  { system: ['UINTEGER'], becomes: 'uint32' },
  { system: ['UBIGINT'], becomes: 'uint64' },
  { system: ['FLOAT'], becomes: 'float32' },
  { system: ['DOUBLE'], becomes: 'float64' },
  { system: ['DECIMAL(p,s)'], becomes: 'decimal(p,s)' },
  {
    system: ['HUGEINT', 'UHUGEINT'],
    becomes: 'decimal(p,s)',
    note: '39 digits, one more than Parquet has; also the `sum` of integers',
  },
  { system: ['BIGNUM'], becomes: 'decimal' },
  {
    system: ['VARCHAR', 'UUID', 'BIT', 'INTERVAL', 'TIME', 'TIME_NS', 'TIME WITH TIME ZONE'],
    becomes: 'text',
    note: 'As DuckDB writes it, times with all digits; ENUM too',
  },
  { system: ['BLOB'], becomes: 'binary' },
  { system: ['GEOMETRY'], becomes: 'binary', note: 'As WKB' },
  { system: ['DATE'], becomes: 'date' },
  { system: ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS'], becomes: 'timestamp' },
  {
    system: ['TIMESTAMP_NS'],
    becomes: 'timestamp',
    note: 'A value with a fraction of a microsecond fails by `duckdb-nanoseconds`',
  },
  { system: ['TIMESTAMP WITH TIME ZONE'], becomes: 'instant', note: 'In UTC' },
  {
    system: [
      'INTEGER[]',
      'INTEGER[3]',
      'STRUCT(a INTEGER)',
      'MAP(VARCHAR, INTEGER)',
      'UNION(a INTEGER)',
      'JSON',
    ],
    becomes: 'json',
    note: 'Lists, arrays, structures, maps and unions of any type; values without a place in JSON are texts',
  },
  { system: ['VARIANT'], becomes: 'refused', note: 'Cast it' },
]
