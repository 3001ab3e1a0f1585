import type { SystemType } from '@bulkhead/connector-sdk'

const nested =
  'JSON text; what is inside reads as it would as a column of its own in JSON Lines: exact numbers, dates and moments as text, bytes as `\\x` and digits'

/** What each type of Cassandra becomes. */
export const types: readonly SystemType[] = [
  { system: ['boolean'], becomes: 'boolean' },
  { system: ['tinyint'], becomes: 'int8' },
  { system: ['smallint'], becomes: 'int16' },
  { system: ['int'], becomes: 'int32' },
  { system: ['bigint', 'counter'], becomes: 'int64' },
  { system: ['float'], becomes: 'float32' },
  { system: ['double'], becomes: 'float64' },
  { system: ['varint'], becomes: 'decimal' },
  {
    system: ['decimal'],
    becomes: 'decimal',
    note: 'With the digits behind the point that it has; a scale of more than 10,000 digits beyond its own fails',
  },
  { system: ['ascii', 'text', 'varchar'], becomes: 'text', note: 'An empty text is not null' },
  { system: ['uuid', 'timeuuid'], becomes: 'text' },
  { system: ['inet'], becomes: 'text', note: 'Without a slash; IPv6 shortened' },
  {
    system: ['time'],
    becomes: 'text',
    note: '`08:15:00.000000001`, with as many digits of the second as it has',
  },
  {
    system: ['duration'],
    becomes: 'text',
    note: 'As CQL writes it: `1y2mo3d4h5m6s7ms8us9ns`, `-` before the whole',
  },
  { system: ['blob'], becomes: 'binary' },
  {
    system: ['date'],
    becomes: 'date',
    note: 'Years before 1 with ` BC`; the first and the last day of the type fail, which stand for infinity elsewhere',
  },
  {
    system: ['timestamp'],
    becomes: 'instant',
    note: 'Milliseconds in UTC; a moment beyond the years -271821 to 275760 fails',
  },
  {
    system: ['list', 'set', 'tuple', 'vector'],
    becomes: 'json',
    note: `${nested}. A list or set that is empty and not frozen is null to Cassandra`,
  },
  {
    system: ['map'],
    becomes: 'json',
    note: `${nested}. A key that is no text becomes its JSON text`,
  },
  { system: ['user-defined type'], becomes: 'json', note: `${nested}. With every field of the type` },
  { system: ['custom type'], becomes: 'binary', note: 'The bytes of the server; as a column only' },
  {
    system: ['PointType', 'LineStringType', 'PolygonType', 'DateRangeType'],
    becomes: 'refused',
    note: 'Types of DataStax Enterprise',
  },
]
