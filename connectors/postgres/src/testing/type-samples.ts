/** Values of every kind of type that PostgreSQL has, with the odd ones among them. */
export interface TypeSample {
  readonly type: string
  /** SQL expressions; each is converted to the type. Null is added. */
  readonly values: readonly string[]
}

/** Types that the samples need and that no server has by itself. */
export const sampleTypes = `
CREATE TYPE mood AS ENUM ('happy', 'so-so', 'with "quote", comma');
CREATE TYPE pair AS (a integer, "B b" text);
CREATE TYPE nested AS (p pair, many pair[], doc json);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN short_text AS varchar(5);
CREATE DOMAIN numbers AS integer[];
CREATE DOMAIN pair_domain AS pair;
CREATE DOMAIN moods AS mood;
CREATE DOMAIN small_range AS int4range;
CREATE TYPE float_range AS RANGE (subtype = float8);
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA "Odd ""schema";
CREATE TYPE "Odd ""schema"."Odd type" AS ENUM ('x');
CREATE TYPE castable AS ENUM ('x', 'y');
CREATE FUNCTION castable_to_json(castable) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object('is', $1::text) $$;
CREATE CAST (castable AS json) WITH FUNCTION castable_to_json(castable);
`

const text = [
  `''`,
  `' '`,
  `'plain'`,
  `'with "quotes"'`,
  `'a,b;c|d' || chr(9) || 'tab'`,
  `E'line\\nbreak'`,
  `E'carriage\\rreturn\\r\\nboth'`,
  `E'back\\\\slash \\\\n \\\\N'`,
  `'\\.'`,
  `'\\N'`,
  `'NULL'`,
  `E'\\b\\f\\v\\x01\\x1f\\x7f'`,
  `'ünïcödé 漢字 😀 𝕏'`,
  `chr(8232) || chr(8233) || chr(65279) || chr(65535) || chr(1114111) || chr(160)`,
  `'e' || chr(769)`,
  `'trailing  '`,
  `'{"json": 1}'`,
  `repeat('long "text" ', 20000)`,
]
const dates = [
  `'2000-01-01'`,
  `'1970-01-01'`,
  `'1969-12-31'`,
  `'0001-01-01'`,
  `'0001-12-31 BC'`,
  `'4713-11-24 BC'`,
  `'9999-12-31'`,
  `'10000-01-01'`,
  `'99999-06-15'`,
  `'infinity'`,
  `'-infinity'`,
]
const moments = [
  ...dates,
  `'2026-10-31 08:15:00'`,
  `'2026-10-31 08:15:00.25'`,
  `'2026-10-31 23:59:59.999999'`,
  `'1969-12-31 23:59:59.999999'`,
  `'1600-02-29 12:00:00.000001'`,
  `'0044-03-15 12:34:56.7 BC'`,
  `'294246-12-31 23:59:59.999999'`,
]
const integers = [`0`, `1`, `-1`]

export const typeSamples: readonly TypeSample[] = [
  { type: 'boolean', values: [`true`, `false`] },
  { type: 'smallint', values: [...integers, `32767`, `-32768`, `256`, `-256`] },
  { type: 'integer', values: [...integers, `2147483647`, `-2147483648`, `65536`] },
  {
    type: 'bigint',
    values: [...integers, `9223372036854775807`, `'-9223372036854775808'`, `9007199254740993`, `4294967296`],
  },
  {
    type: 'real',
    values: [
      `0`,
      `'-0'`,
      `1`,
      `0.1`,
      `3.4028235e38`,
      `1.4e-45`,
      `'NaN'`,
      `'Infinity'`,
      `'-Infinity'`,
      `16777216`,
      `1e-5`,
      `123456`,
      `1234567`,
      `1e6`,
      `0.0001`,
    ],
  },
  {
    type: 'double precision',
    values: [
      `0`,
      `'-0'`,
      `1`,
      `0.1`,
      `1.7976931348623157e308`,
      `5e-324`,
      `'NaN'`,
      `'Infinity'`,
      `'-Infinity'`,
      `1e15`,
      `1e14`,
      `123456789012345`,
      `1e-4`,
      `1e-5`,
      `1e20`,
      `0.30000000000000004`,
      `2.2250738585072014e-308`,
    ],
  },
  {
    type: 'numeric',
    values: [
      `0`,
      `0.00`,
      `'-0.0'`,
      `1`,
      `-1`,
      `10000`,
      `9999`,
      `10000.0001`,
      `0.0001`,
      `0.00001`,
      `123456789.987654321`,
      `'NaN'`,
      `'Infinity'`,
      `'-Infinity'`,
      `('1' || repeat('0', 999))::numeric`,
      `(repeat('9', 1000) || '.' || repeat('7', 1000))::numeric`,
      `1e-100`,
      `1e100`,
      `'1e-16383'`,
      `100000000`,
      `0.5`,
      `12345678901234567890.10`,
    ],
  },
  { type: 'numeric(12,2)', values: [`0`, `1.5`, `-9999999999.99`, `9999999999.99`, `'NaN'`, `100`] },
  { type: 'numeric(5,0)', values: [`0`, `-99999`, `10000`] },
  { type: 'numeric(38,10)', values: [`0`, `1234567890123456789012345678.0123456789`] },
  { type: 'money', values: [`0`, `1234567.89`, `-0.01`] },
  { type: 'text', values: text },
  { type: 'varchar', values: text },
  { type: 'varchar(10)', values: [`'0123456789'`, `''`, `'ü'`] },
  { type: 'char(8)', values: [`''`, `'abc'`, `'abcdefgh'`, `' x'`] },
  { type: 'bpchar', values: [`'abc   '`, `''`] },
  { type: '"char"', values: [`'a'`, `''`, `'"'`, `','`] },
  { type: 'name', values: [`'a name'`, `''`] },
  { type: 'citext', values: [`'MiXed'`, `''`] },
  {
    type: 'bytea',
    values: [`''`, `'\\x00'`, `'\\xdeadbeef'`, `'\\x5c22'`, `decode(repeat('00ff', 5000), 'hex')`],
  },
  { type: 'date', values: [...dates, `'5874897-12-31'`] },
  { type: 'timestamp', values: moments },
  { type: 'timestamp(3)', values: [`'2026-10-31 08:15:00.123'`] },
  {
    type: 'timestamptz',
    values: [...moments, `'2026-10-31 08:15:00+05:30'`, `'1850-01-01 00:00:00+00:17:30'`],
  },
  { type: 'time', values: [`'00:00:00'`, `'24:00:00'`, `'08:15:00.25'`, `'23:59:59.999999'`] },
  { type: 'timetz', values: [`'00:00:00+00'`, `'08:15:00.25-05:30'`, `'12:00:00+15:59:59'`] },
  {
    type: 'interval',
    values: [
      `'0'`,
      `'1 year 2 months 3 days 04:05:06.789'`,
      `'-1 day +02:00:00'`,
      `'178000000 years'`,
      `'-00:00:00.000001'`,
    ],
  },
  {
    type: 'uuid',
    values: [`'00000000-0000-0000-0000-000000000000'`, `'FFFFFFFF-1234-5678-9ABC-DEF012345678'`],
  },
  {
    type: 'json',
    values: [
      `'{"a": 1, "a": 2}'`,
      `E'{\\n  "a": [1,\\r\\n 2],\\t"b": "x\\\\ny"\\n}'`,
      `'null'`,
      `'"text"'`,
      `'1e400'`,
      `'[]'`,
      `'  true  '`,
      `'"\\u00e4\\ud83d\\ude00 \\\\ \\" \\/"'`,
      `E'\\n1\\n'`,
      `'"tab\\t"'`,
    ],
  },
  {
    type: 'jsonb',
    values: [`'{"a": 1, "a": 2}'`, `'null'`, `'"text\\n"'`, `'[1, 2.50, 1e3]'`, `'{"z": {"y": []}}'`],
  },
  { type: 'jsonpath', values: [`'$.a[*] ? (@ > 1)'`, `'strict $."b c"'`] },
  { type: 'xml', values: [`'<a b="c">d</a>'`, `''`, `'<?xml version="1.0" encoding="UTF-8"?><ä/>'`] },
  { type: 'inet', values: [`'127.0.0.1'`, `'10.0.0.1/8'`, `'::1'`, `'2001:db8::/32'`] },
  { type: 'cidr', values: [`'10.0.0.0/8'`, `'192.168.1.1/32'`] },
  { type: 'macaddr', values: [`'08:00:2b:01:02:03'`] },
  { type: 'macaddr8', values: [`'08:00:2b:01:02:03:04:05'`] },
  { type: 'bit(3)', values: [`'101'`, `'000'`] },
  { type: 'bit varying', values: [`'101'`, `''`] },
  { type: 'oid', values: [`0`, `4294967295`] },
  { type: 'xid', values: [`'7'`] },
  { type: 'xid8', values: [`'7'`] },
  { type: 'tid', values: [`'(1,2)'`] },
  { type: 'regclass', values: [`'pg_class'`, `0`] },
  { type: 'regtype', values: [`'integer'`] },
  { type: 'pg_lsn', values: [`'16/B374D848'`] },
  { type: 'txid_snapshot', values: [`'10:20:10,14'`] },
  { type: 'aclitem', values: [`makeaclitem(10, 10, 'SELECT', false)`] },
  { type: 'point', values: [`'(1.5,-2)'`, `'(NaN,Infinity)'`] },
  { type: 'line', values: [`'{1,2,3}'`] },
  { type: 'lseg', values: [`'[(0,0),(1,1)]'`] },
  { type: 'box', values: [`'((0,0),(1,1))'`] },
  { type: 'path', values: [`'[(0,0),(1,1)]'`, `'((0,0),(1,1))'`] },
  { type: 'polygon', values: [`'((0,0),(1,1),(2,0))'`] },
  { type: 'circle', values: [`'<(0,0),5>'`] },
  { type: 'tsvector', values: [`'a:1 ''b c'':2A'`, `''`] },
  { type: 'tsquery', values: [`'a & !b | ''c d'':*'`] },
  { type: 'int4range', values: [`'[1,5)'`, `'empty'`, `'(,5)'`, `'(,)'`] },
  { type: 'numrange', values: [`'[1.50,2.0]'`] },
  { type: 'tstzrange', values: [`'[2026-01-01 00:00+00,)'`, `'[-infinity,infinity]'`] },
  { type: 'daterange', values: [`'[2026-01-01,2026-02-01)'`] },
  { type: 'float_range', values: [`'[0.1,1e20)'`] },
  { type: 'int4multirange', values: [`'{}'`, `'{[1,3),[5,9)}'`] },
  { type: 'datemultirange', values: [`'{[2026-01-01,2026-02-01)}'`] },
  {
    type: 'integer[]',
    values: [
      `'{}'`,
      `'{1,NULL,3}'`,
      `'{{1,2},{3,4}}'`,
      `'[2:3]={7,8}'`,
      `'[0:1][-1:0]={{1,2},{3,4}}'`,
      `'{NULL}'`,
    ],
  },
  {
    type: 'text[]',
    values: [
      `'{}'`,
      `ARRAY['a,b', 'c"d', E'e\\\\f', '', 'NULL', NULL, 'x y', E'l\\nb']`,
      `ARRAY[['a','b'],['c','d']]`,
    ],
  },
  { type: 'boolean[]', values: [`'{t,f,NULL}'`] },
  { type: 'numeric[]', values: [`'{1.50,NaN,Infinity}'`] },
  { type: 'double precision[]', values: [`'{1e20,NaN,-0}'`] },
  { type: 'timestamptz[]', values: [`'{2026-10-31 08:15:00+00,infinity}'`] },
  { type: 'bytea[]', values: [`ARRAY['\\x00'::bytea, ''::bytea]`] },
  { type: 'json[]', values: [`ARRAY[E'{\\n"a": 1}'::json, 'null']`] },
  { type: 'jsonb[]', values: [`ARRAY['{"a": "b\\"c"}'::jsonb]`] },
  { type: 'uuid[]', values: [`ARRAY['00000000-0000-0000-0000-000000000000'::uuid]`] },
  { type: 'int2vector', values: [`'1 2 3'`, `''`] },
  { type: 'oidvector', values: [`'1 2'`] },
  { type: 'mood', values: [`'happy'`, `'with "quote", comma'`] },
  { type: 'mood[]', values: [`'{happy,so-so}'`] },
  { type: '"Odd ""schema"."Odd type"', values: [`'x'`] },
  { type: 'castable', values: [`'x'`, `'y'`] },
  { type: 'castable[]', values: [`'{x,y}'`] },
  { type: 'pair', values: [`(1, 'x')`, `(NULL, NULL)`, `(2, 'a "b", (c)')`] },
  { type: 'pair[]', values: [`ARRAY[(1, 'x')::pair, NULL, (NULL, NULL)::pair]`] },
  { type: 'nested', values: [`((1, 'x')::pair, ARRAY[(2, E'y\\nz')::pair], E'{\\n}')`] },
  { type: 'positive', values: [`1`] },
  { type: 'short_text', values: [`'abc'`, `''`] },
  { type: 'numbers', values: [`'{1,2}'`] },
  { type: 'pair_domain', values: [`(1, 'x')::pair`] },
  { type: 'moods', values: [`'happy'`] },
  { type: 'small_range', values: [`'[1,5)'`] },
  { type: 'hstore', values: [`''`, `'a=>1, "b c"=>NULL, d=>"x\\"y"'`] },
]

/** One column `value`, the samples of a type in order, null last. */
export function sampleQuery({ type, values }: TypeSample): string {
  const rows = [...values, 'NULL'].map((value, index) => `(${index}, (${value})::${type})`)
  return `SELECT value FROM (VALUES ${rows.join(', ')}) AS sample (place, value) ORDER BY place`
}
