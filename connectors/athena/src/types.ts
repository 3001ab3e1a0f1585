import type { SystemType } from '@bulkhead/connector-sdk'

/** What each type of Athena becomes; the result tells the types of its columns. */
export const types: readonly SystemType[] = [
  { system: ['boolean'], becomes: 'boolean' },
  { system: ['tinyint'], becomes: 'int8' },
  { system: ['smallint'], becomes: 'int16' },
  { system: ['int', 'integer'], becomes: 'int32' },
  { system: ['bigint'], becomes: 'int64' },
  { system: ['float', 'real'], becomes: 'float32' },
  { system: ['double'], becomes: 'float64' },
  { system: ['decimal(p,s)'], becomes: 'decimal(p,s)' },
  { system: ['char(n)', 'varchar', 'string'], becomes: 'text', note: 'An empty text is not null' },
  { system: ['varbinary'], becomes: 'binary' },
  { system: ['date'], becomes: 'date', note: 'Beyond the years 1 to 9999 it fails' },
  {
    system: ['timestamp'],
    becomes: 'timestamp',
    note: 'Finer than a microsecond fails, and so does a year beyond 1 to 9999',
  },
  {
    system: ['timestamp with time zone'],
    becomes: 'instant',
    note: 'In UTC; with a zone by another name than UTC it fails: write `AT TIME ZONE` with UTC or an offset in the query',
  },
  { system: ['json'], becomes: 'json' },
  {
    system: ['array', 'map', 'row'],
    becomes: 'text',
    note: 'As Athena writes it, `[a, b]` and `{k=v}`, where a comma inside a value cannot be told apart: write `CAST(x AS json)` for JSON',
  },
  {
    system: ['time', 'time with time zone', 'interval', 'uuid', 'ipaddress', 'geometry', 'unknown'],
    becomes: 'text',
    note: 'As Athena writes it, and so every type that is not in this table',
  },
]
