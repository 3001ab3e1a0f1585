import type { SystemType } from '@bulkhead/connector-sdk'

const serversText = "PostgreSQL's own text"

/** What every type of PostgreSQL becomes. */
export const types: readonly SystemType[] = [
  { system: ['boolean'], becomes: 'boolean', note: '`t` and `f` in CSV' },
  { system: ['smallint'], becomes: 'int16' },
  { system: ['integer'], becomes: 'int32' },
  { system: ['bigint'], becomes: 'int64' },
  { system: ['real'], becomes: 'float32' },
  { system: ['double precision'], becomes: 'float64' },
  { system: ['numeric(p,s)'], becomes: 'decimal(p,s)', note: 'NaN is possible here too' },
  {
    system: ['numeric'],
    becomes: 'decimal',
    note: 'Also one whose scale is negative or larger than its precision',
  },
  {
    system: ['text', 'character varying(n)', 'character(n)', 'name', 'uuid'],
    becomes: 'text',
    note: '`character(n)` with its blanks',
  },
  { system: ['bytea'], becomes: 'binary' },
  { system: ['date'], becomes: 'date' },
  { system: ['timestamp without time zone'], becomes: 'timestamp' },
  {
    system: ['timestamp with time zone'],
    becomes: 'instant',
    note: 'In UTC; CSV and JSON Lines have it in the `timeZone` of the connection',
  },
  { system: ['json', 'jsonb'], becomes: 'json' },
  {
    system: ['integer[]', 'text[][]'],
    becomes: 'json',
    note: 'Arrays of any type, composites, `record`, and types with a cast to json such as `hstore`; in CSV their own text: `{1,2}`, `(1,x)`',
  },
  {
    system: ['time without time zone', 'time with time zone', 'interval', 'money', 'oid', '"char"', 'xml'],
    becomes: 'text',
    note: serversText,
  },
  {
    system: ['inet', 'cidr', 'macaddr', 'bit(n)', 'point', 'tsvector', 'int4range', 'daterange'],
    becomes: 'text',
    note: `${serversText}; so does every type that is not listed: enums, ranges, geometry, text search, extensions`,
  },
]
