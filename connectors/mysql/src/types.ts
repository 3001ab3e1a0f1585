import type { SystemType } from '@bulkhead/connector-sdk'

const noCalendar =
  'One that no calendar has, such as 0000-00-00, fails the run, or is null; with `zeroDates: text` the column is text'

/** What every type of MySQL and MariaDB becomes. */
export const types: readonly SystemType[] = [
  {
    system: ['TINYINT'],
    becomes: 'int8',
    note: 'Also TINYINT(1), BOOL, BOOLEAN; with `tinyint1: boolean` these are booleans',
  },
  {
    system: ['TINYINT UNSIGNED'],
    becomes: 'uint8',
    note: 'Integers with ZEROFILL are written without the zeros',
  },
  { system: ['SMALLINT'], becomes: 'int16' },
  { system: ['SMALLINT UNSIGNED'], becomes: 'uint16' },
  { system: ['MEDIUMINT', 'INT'], becomes: 'int32', note: 'In MariaDB also conditions, as 0 and 1' },
  { system: ['MEDIUMINT UNSIGNED', 'INT UNSIGNED'], becomes: 'uint32' },
  { system: ['BIGINT'], becomes: 'int64', note: 'In MySQL also conditions, as 0 and 1' },
  { system: ['BIGINT UNSIGNED'], becomes: 'uint64' },
  { system: ['YEAR'], becomes: 'uint16', note: '0000 is 0' },
  {
    system: ['DECIMAL(p,s)'],
    becomes: 'decimal(p,s)',
    note: 'All digits, up to DECIMAL(65,30); ZEROFILL without the zeros',
  },
  { system: ['FLOAT'], becomes: 'float32', note: 'All digits of the value; the server itself shows six' },
  { system: ['DOUBLE'], becomes: 'float64' },
  { system: ['BIT(1)'], becomes: 'boolean', note: '`0` and `1` in CSV' },
  { system: ['BIT(n)'], becomes: 'uint64' },
  {
    system: ['CHAR', 'VARCHAR', 'TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT'],
    becomes: 'text',
    note: 'In UTF-8, whatever the character set of the column',
  },
  { system: ['ENUM', 'SET'], becomes: 'text' },
  { system: ['UUID', 'INET4', 'INET6'], becomes: 'text', note: 'Of MariaDB' },
  {
    system: ['BINARY', 'VARBINARY', 'TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'],
    becomes: 'binary',
    note: 'Also text in the character set `binary`, and VECTOR of MySQL',
  },
  { system: ['DATE'], becomes: 'date', note: noCalendar },
  { system: ['DATETIME(f)'], becomes: 'timestamp', note: noCalendar },
  { system: ['TIMESTAMP(f)'], becomes: 'instant', note: `In UTC. ${noCalendar}` },
  {
    system: ['TIME(f)'],
    becomes: 'text',
    note: 'As the server writes it: it may be negative, or longer than a day: `-838:59:59.000`',
  },
  { system: ['JSON'], becomes: 'json', note: 'In MariaDB 10.5 and newer; before, it is text there' },
  {
    system: ['GEOMETRY', 'POINT', 'LINESTRING', 'POLYGON', 'MULTIPOINT', 'GEOMETRYCOLLECTION'],
    becomes: 'binary',
    note: 'WKB, with x before y; with an SRID other than 0 EWKB, which has it behind the type',
  },
]
