import type { TypeCase } from '@bulkhead/connector-sdk/testing'
import {
  Binary,
  BSONRegExp,
  Code,
  type Db,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb'
import type { ColumnType } from '../query/query.ts'

const logical = {
  text: { kind: 'text' },
  integer: { kind: 'integer', bits: 64 },
  float: { kind: 'float', bits: 64 },
  decimal: { kind: 'decimal' },
  boolean: { kind: 'boolean' },
  timestamp: { kind: 'timestamp', zoned: true },
  binary: { kind: 'binary' },
  json: { kind: 'json' },
} as const satisfies Record<ColumnType, TypeCase['becomes']>

/** A BSON type, the type of the column, and values with what they become. */
type Sample = readonly [
  type: string,
  column: ColumnType,
  values: readonly (readonly [bson: unknown, value: TypeCase['values'][number]])[],
]

const samples: readonly Sample[] = [
  [
    'string',
    'text',
    [
      ['', ''],
      ['é\n"\\\t\u0001😀', 'é\n"\\\t\u0001😀'],
      ['x'.repeat(10_000), 'x'.repeat(10_000)],
    ],
  ],
  [
    'objectId',
    'text',
    [
      [new ObjectId('000000000000000000000000'), '0'.repeat(24)],
      [new ObjectId('ffffffffffffffffffffffff'), 'f'.repeat(24)],
    ],
  ],
  [
    'binData (UUID)',
    'text',
    [[new UUID('01234567-89ab-cdef-0123-456789abcdef'), '01234567-89ab-cdef-0123-456789abcdef']],
  ],
  [
    'binData',
    'binary',
    [
      [new Binary(Buffer.from([])), new Uint8Array()],
      [new Binary(Buffer.from([0, 255, 10])), Uint8Array.of(0, 255, 10)],
    ],
  ],
  [
    'int',
    'integer',
    [
      [new Int32(0), 0n],
      [new Int32(2_147_483_647), 2_147_483_647n],
      [new Int32(-2_147_483_648), -2_147_483_648n],
    ],
  ],
  [
    'long',
    'integer',
    [
      [Long.MAX_VALUE, 9_223_372_036_854_775_807n],
      [Long.MIN_VALUE, -9_223_372_036_854_775_808n],
      [Long.fromNumber(-1), -1n],
      [new Double(5), 5n],
    ],
  ],
  [
    'double',
    'float',
    [
      [new Double(0.1), 0.1],
      [new Double(-0), -0],
      [new Double(Number.MAX_VALUE), Number.MAX_VALUE],
      [new Double(Number.MIN_VALUE), Number.MIN_VALUE],
      [new Double(Number.NaN), Number.NaN],
      [new Double(-Infinity), -Infinity],
      [new Int32(7), 7],
    ],
  ],
  [
    'decimal',
    'decimal',
    [
      [Decimal128.fromString('1.10'), '1.10'],
      [Decimal128.fromString('-9999999999999999999999999999999999'), '-9999999999999999999999999999999999'],
      [Decimal128.fromString('1E+6111'), '1E+6111'],
      [Decimal128.fromString('NaN'), 'NaN'],
      [Decimal128.fromString('-Infinity'), '-Infinity'],
      [new Double(0.1), '0.1'],
      [Long.MAX_VALUE, '9223372036854775807'],
    ],
  ],
  [
    'bool',
    'boolean',
    [
      [true, true],
      [false, false],
    ],
  ],
  [
    'date',
    'timestamp',
    [
      [new Date(0), '1970-01-01 00:00:00+00'],
      [new Date(-1), '1969-12-31 23:59:59.999+00'],
      [new Date(8_640_000_000_000_000), '275760-09-13 00:00:00+00'],
      [new Date(-62_198_755_200_000), '0002-01-01 00:00:00+00 BC'],
    ],
  ],
  [
    'array',
    'json',
    [
      [[], '[]'],
      [[new Int32(1), 'a', [null]], '[1,"a",[null]]'],
    ],
  ],
  [
    'object',
    'json',
    [
      [{}, '{}'],
      [{ 'a.b': { $x: new Int32(1) } }, '{"a.b":{"$x":1}}'],
    ],
  ],
  [
    'regex',
    'json',
    [[new BSONRegExp('^a"/', 'imx'), '{"$regularExpression":{"pattern":"^a\\"/","options":"imx"}}']],
  ],
  [
    'timestamp',
    'json',
    [[new Timestamp({ t: 4_294_967_295, i: 1 }), '{"$timestamp":{"t":4294967295,"i":1}}']],
  ],
  ['javascript', 'json', [[new Code('1 < 2'), '{"$code":"1 < 2"}']]],
  ['minKey', 'json', [[new MinKey(), '{"$minKey":1}']]],
  ['maxKey', 'json', [[new MaxKey(), '{"$maxKey":1}']]],
  ['null', 'json', [[null, null]]],
]

/** Every type with its extremes, each in a collection of its own. */
export async function createTypeCases(database: Db): Promise<readonly TypeCase[]> {
  const cases: TypeCase[] = [
    {
      type: 'document',
      becomes: logical.json,
      query: { collection: 'type_null', find: {} },
      values: ['{"_id":0,"v":null}'],
    },
  ]
  for (const [type, column, values] of samples) {
    const collection = `type_${type.replace(/\W+/g, '_')}`
    await database
      .collection<{ _id: number; v: unknown }>(collection)
      .insertMany(values.map(([v], index) => ({ _id: index, v })))
    cases.push({
      type,
      becomes: logical[column],
      query: { collection, find: { sort: { _id: 1 } }, fields: [{ path: 'v', type: column }] },
      values: values.map(([, value]) => value),
    })
  }
  return cases
}
