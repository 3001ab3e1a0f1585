import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'
import { execute, type TestMysqlDatabase } from '../../../../test/support/mysql.ts'

interface Sample {
  /** Its name in `types.ts`. */
  readonly type: string
  /** As in `CREATE TABLE`. */
  readonly sql: string
  readonly becomes: LogicalType
  /** Literal of SQL, and what is read. */
  readonly values: readonly (readonly [literal: string, value: Value])[]
}

const integer = (bits: 8 | 16 | 32 | 64, unsigned = false): LogicalType =>
  unsigned ? { kind: 'integer', bits, unsigned } : { kind: 'integer', bits }
const text: LogicalType = { kind: 'text' }
const binary: LogicalType = { kind: 'binary' }
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const same = (...values: readonly number[]): Sample['values'] => values.map((value) => [String(value), value])
const big = (...values: readonly bigint[]): Sample['values'] => values.map((value) => [String(value), value])
const quoted = (...values: readonly string[]): Sample['values'] =>
  values.map((value) => [`'${value}'`, value])

/** A point at 1, 2 as WKB. */
const point = '0101000000000000000000f03f0000000000000040'

const samples: readonly Sample[] = [
  { type: 'TINYINT', sql: 'tinyint', becomes: integer(8), values: same(-128, -1, 0, 127) },
  { type: 'TINYINT UNSIGNED', sql: 'tinyint unsigned', becomes: integer(8, true), values: same(0, 128, 255) },
  {
    type: 'TINYINT',
    sql: 'boolean',
    becomes: integer(8),
    values: [
      ['false', 0],
      ['true', 1],
      ['-7', -7],
    ],
  },
  { type: 'SMALLINT', sql: 'smallint', becomes: integer(16), values: same(-32_768, -1, 32_767) },
  {
    type: 'SMALLINT UNSIGNED',
    sql: 'smallint unsigned',
    becomes: integer(16, true),
    values: same(0, 65_535),
  },
  { type: 'MEDIUMINT', sql: 'mediumint', becomes: integer(32), values: same(-8_388_608, -1, 8_388_607) },
  {
    type: 'MEDIUMINT UNSIGNED',
    sql: 'mediumint unsigned',
    becomes: integer(32, true),
    values: same(16_777_215),
  },
  { type: 'INT', sql: 'int', becomes: integer(32), values: same(-2_147_483_648, -1, 2_147_483_647) },
  {
    type: 'INT UNSIGNED',
    sql: 'int unsigned',
    becomes: integer(32, true),
    values: same(0, 2_147_483_648, 4_294_967_295),
  },
  { type: 'INT UNSIGNED', sql: 'int(10) zerofill', becomes: integer(32, true), values: same(0, 42) },
  {
    type: 'BIGINT',
    sql: 'bigint',
    becomes: integer(64),
    values: big(-9_223_372_036_854_775_808n, -1n, 9_223_372_036_854_775_807n),
  },
  {
    type: 'BIGINT UNSIGNED',
    sql: 'bigint unsigned',
    becomes: integer(64, true),
    values: big(0n, 9_223_372_036_854_775_808n, 18_446_744_073_709_551_615n),
  },
  {
    type: 'YEAR',
    sql: 'year',
    becomes: integer(16, true),
    values: [
      ['0', 0],
      ['1901', 1901],
      ['2155', 2155],
    ],
  },
  {
    type: 'DECIMAL(p,s)',
    sql: 'decimal(65,30)',
    becomes: { kind: 'decimal', precision: 65, scale: 30 },
    values: [
      [
        '99999999999999999999999999999999999.999999999999999999999999999999',
        '99999999999999999999999999999999999.999999999999999999999999999999',
      ],
      ['-0.000000000000000000000000000001', '-0.000000000000000000000000000001'],
      ['0', '0.000000000000000000000000000000'],
    ],
  },
  {
    type: 'DECIMAL(p,s)',
    sql: 'decimal(10,2) unsigned',
    becomes: { kind: 'decimal', precision: 10, scale: 2 },
    values: [
      ['0.5', '0.50'],
      ['99999999.99', '99999999.99'],
    ],
  },
  {
    type: 'DECIMAL(p,s)',
    sql: 'decimal(10,2) zerofill',
    becomes: { kind: 'decimal', precision: 10, scale: 2 },
    values: [
      ['0', '0.00'],
      ['7.25', '7.25'],
      ['1000', '1000.00'],
    ],
  },
  {
    type: 'DECIMAL(p,s)',
    sql: 'decimal(5,0)',
    becomes: { kind: 'decimal', precision: 5, scale: 0 },
    values: [
      ['-0', '0'],
      ['-99999', '-99999'],
    ],
  },
  {
    type: 'FLOAT',
    sql: 'float',
    becomes: { kind: 'float', bits: 32 },
    values: [
      ['0.1', Math.fround(0.1)],
      ['16777217', 16_777_216],
      ['-3.4028234e38', Math.fround(-3.4028234e38)],
    ],
  },
  {
    type: 'DOUBLE',
    sql: 'double',
    becomes: { kind: 'float', bits: 64 },
    values: [
      ['0.1', 0.1],
      ['1.7976931348623157e308', 1.7976931348623157e308],
      ['-5e-324', -5e-324],
    ],
  },
  {
    type: 'BIT(1)',
    sql: 'bit(1)',
    becomes: { kind: 'boolean' },
    values: [
      ["b'0'", false],
      ["b'1'", true],
    ],
  },
  {
    type: 'BIT(n)',
    sql: 'bit(10)',
    becomes: integer(64, true),
    values: [
      ["b'1000000001'", 513n],
      ["b'0'", 0n],
    ],
  },
  {
    type: 'BIT(n)',
    sql: 'bit(64)',
    becomes: integer(64, true),
    values: [
      ['18446744073709551615', 18_446_744_073_709_551_615n],
      ["b'1'", 1n],
    ],
  },
  {
    type: 'DATE',
    sql: 'date',
    becomes: { kind: 'date' },
    values: quoted('0001-01-01', '1000-01-01', '1970-01-01', '2024-02-29', '9999-12-31'),
  },
  {
    type: 'DATETIME(f)',
    sql: 'datetime',
    becomes: { kind: 'timestamp', zoned: false },
    values: quoted(
      '0001-01-01 00:00:00',
      '1969-12-31 23:59:59',
      '9999-12-31 23:59:59',
      '2026-03-29 02:30:00',
    ),
  },
  {
    type: 'DATETIME(f)',
    sql: 'datetime(6)',
    becomes: { kind: 'timestamp', zoned: false },
    values: [
      ["'1000-01-01 00:00:00.000001'", '1000-01-01 00:00:00.000001'],
      ["'1969-12-31 23:59:59.999999'", '1969-12-31 23:59:59.999999'],
      ["'2255-06-05 23:47:34.740993'", '2255-06-05 23:47:34.740993'],
      ["'9999-12-31 23:59:59.999999'", '9999-12-31 23:59:59.999999'],
      ["'2026-10-31 08:15:00.25'", '2026-10-31 08:15:00.25'],
    ],
  },
  {
    type: 'TIMESTAMP(f)',
    sql: 'timestamp',
    becomes: { kind: 'timestamp', zoned: true },
    values: [
      ["'1970-01-01 00:00:01'", '1970-01-01 00:00:01+00'],
      ["'2038-01-19 03:14:07'", '2038-01-19 03:14:07+00'],
    ],
  },
  {
    type: 'TIMESTAMP(f)',
    sql: 'timestamp(3)',
    becomes: { kind: 'timestamp', zoned: true },
    values: [["'2026-10-31 08:15:00.125'", '2026-10-31 08:15:00.125+00']],
  },
  {
    type: 'TIME(f)',
    sql: 'time',
    becomes: text,
    values: quoted('-838:59:59', '00:00:00', '-00:00:01', '23:59:59', '838:59:59', '100:00:00'),
  },
  {
    type: 'TIME(f)',
    sql: 'time(6)',
    becomes: text,
    values: quoted('-838:59:59.000000', '00:00:00.000001', '838:59:58.999999'),
  },
  {
    type: 'CHAR',
    sql: 'char(5)',
    becomes: text,
    values: [
      ["'a b  '", 'a b'],
      ["''", ''],
    ],
  },
  {
    type: 'VARCHAR',
    sql: 'varchar(20)',
    becomes: text,
    values: quoted('', ' x ', 'é€😀', 'a\\nb'.replace('\\n', '\n')),
  },
  { type: 'VARCHAR', sql: 'varchar(20) character set latin1', becomes: text, values: quoted('é€ß') },
  { type: 'VARCHAR', sql: 'varchar(20) character set utf16', becomes: text, values: quoted('é😀') },
  { type: 'VARCHAR', sql: 'varchar(20) character set sjis', becomes: text, values: quoted('日本語') },
  { type: 'VARCHAR', sql: 'varchar(20) character set cp1251', becomes: text, values: quoted('Привет') },
  {
    type: 'VARBINARY',
    sql: 'varchar(20) character set binary',
    becomes: binary,
    values: [["x'ff00'", bytes('ff00')]],
  },
  { type: 'TINYTEXT', sql: 'tinytext', becomes: text, values: quoted('x') },
  { type: 'TEXT', sql: 'text', becomes: text, values: quoted('', 'x') },
  {
    type: 'MEDIUMTEXT',
    sql: 'mediumtext',
    becomes: text,
    values: [["repeat('ab', 40000)", 'ab'.repeat(40_000)]],
  },
  { type: 'LONGTEXT', sql: 'longtext', becomes: text, values: quoted('x') },
  {
    type: 'ENUM',
    sql: "enum('small','with \"quote\", comma','')",
    becomes: text,
    values: quoted('small', 'with "quote", comma', ''),
  },
  { type: 'SET', sql: "set('a','b','c d')", becomes: text, values: quoted('', 'a', 'a,b,c d') },
  { type: 'BINARY', sql: 'binary(3)', becomes: binary, values: [["x'01'", bytes('010000')]] },
  {
    type: 'VARBINARY',
    sql: 'varbinary(10)',
    becomes: binary,
    values: [
      ["''", bytes('')],
      ["x'00ff'", bytes('00ff')],
    ],
  },
  { type: 'BLOB', sql: 'blob', becomes: binary, values: [["x'00ff'", bytes('00ff')]] },
  {
    type: 'LONGBLOB',
    sql: 'longblob',
    becomes: binary,
    values: [["repeat(x'00', 300)", bytes('00'.repeat(300))]],
  },
  {
    type: 'JSON',
    sql: 'json',
    becomes: { kind: 'json' },
    values: quoted('{"a": [1, null, "é"]}', '12345678901234567890', 'null', '"x"'),
  },
  { type: 'UUID', sql: 'uuid', becomes: text, values: quoted('123e4567-e89b-12d3-a456-426655440000') },
  { type: 'INET6', sql: 'inet6', becomes: text, values: quoted('2001:db8::ff00:42:8329', '::') },
  { type: 'INET4', sql: 'inet4', becomes: text, values: quoted('192.0.2.1') },
  {
    type: 'POINT',
    sql: 'point',
    becomes: binary,
    values: [
      ["ST_GeomFromText('POINT(1 2)')", bytes(point)],
      ["ST_GeomFromText('POINT(1 2)', 4326)", bytes(`0101000020e6100000${point.slice(10)}`)],
    ],
  },
  {
    type: 'GEOMETRY',
    sql: 'geometry',
    becomes: binary,
    values: [["ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')", bytes('010700000000000000')]],
  },
  { type: 'TINYBLOB', sql: 'tinyblob', becomes: binary, values: [["x'00ff'", bytes('00ff')]] },
  { type: 'MEDIUMBLOB', sql: 'mediumblob', becomes: binary, values: [["x'00ff'", bytes('00ff')]] },
  {
    type: 'LINESTRING',
    sql: 'linestring',
    becomes: binary,
    values: [
      [
        "ST_GeomFromText('LINESTRING(1 2, 1 2)')",
        bytes(`010200000002000000${point.slice(10)}${point.slice(10)}`),
      ],
    ],
  },
  {
    type: 'POLYGON',
    sql: 'polygon',
    becomes: binary,
    values: [
      [
        "ST_GeomFromText('POLYGON((0 0, 0 0, 0 0, 0 0))')",
        bytes(`01030000000100000004000000${'00'.repeat(64)}`),
      ],
    ],
  },
  {
    type: 'MULTIPOINT',
    sql: 'multipoint',
    becomes: binary,
    values: [["ST_GeomFromText('MULTIPOINT(1 2)')", bytes(`010400000001000000${point}`)]],
  },
  {
    type: 'GEOMETRYCOLLECTION',
    sql: 'geometrycollection',
    becomes: binary,
    values: [["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')", bytes(`010700000001000000${point}`)]],
  },
]

/** Makes a table for each sample. */
export async function createTypeCases(database: TestMysqlDatabase): Promise<readonly TypeCase[]> {
  for (const [index, { sql, values }] of samples.entries()) {
    await execute(database, `CREATE TABLE type_${index} (place int, value ${sql} NULL)`)
    const rows = [...values.map(([literal]) => literal), 'NULL'].map(
      (literal, place) => `(${place}, ${literal})`,
    )
    await execute(database, `INSERT INTO type_${index} VALUES ${rows.join(', ')}`)
  }
  return samples.map(({ type, becomes, values }, index) => ({
    type,
    becomes,
    query: `SELECT value FROM type_${index} ORDER BY place`,
    values: [...values.map(([, value]) => value), null],
  }))
}
