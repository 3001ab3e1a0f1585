import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { ByteBuffer } from './byte-buffer.ts'
import { ExtendedJson } from './extended-json.ts'

function write(bytes: Uint8Array, style: 'relaxed' | 'canonical', at = 0): string {
  const out = new ByteBuffer(1)
  new ExtendedJson(style).document(out, bytes, at)
  return new TextDecoder('utf-8', { fatal: true }).decode(out.take())
}

/** Bytes of `{ v: … }` with a value that no class of the driver makes. */
function withValue(type: number, ...value: readonly number[]): Uint8Array {
  const length = 8 + value.length
  return Uint8Array.of(length, 0, 0, 0, type, 0x76, 0, ...value, 0)
}

/** A value, and how it reads, relaxed and canonical, as the specification has it. */
const samples: readonly (readonly [title: string, value: unknown, relaxed: string, canonical: string])[] = [
  [
    'text',
    'é"\\\n\u0001\u007f😀',
    String.raw`"é\"\\\n\u0001${'\u007f'}😀"`,
    String.raw`"é\"\\\n\u0001${'\u007f'}😀"`,
  ],
  [
    'a long text',
    `${'\u0002'.repeat(5000)}`,
    `"${String.raw`\u0002`.repeat(5000)}"`,
    `"${String.raw`\u0002`.repeat(5000)}"`,
  ],
  ['NUL', 'a\0b', String.raw`"a\u0000b"`, String.raw`"a\u0000b"`],
  ['int32', new Int32(-2_147_483_648), '-2147483648', '{"$numberInt":"-2147483648"}'],
  ['int64', Long.MIN_VALUE, '-9223372036854775808', '{"$numberLong":"-9223372036854775808"}'],
  [
    'int64 at 2^53',
    Long.fromString('-9007199254740993'),
    '-9007199254740993',
    '{"$numberLong":"-9007199254740993"}',
  ],
  ['int64, small', Long.fromNumber(-5), '-5', '{"$numberLong":"-5"}'],
  ['double', new Double(0.1), '0.1', '{"$numberDouble":"0.1"}'],
  ['whole double', new Double(1), '1.0', '{"$numberDouble":"1.0"}'],
  ['negative zero', new Double(-0), '-0.0', '{"$numberDouble":"-0.0"}'],
  ['large double', new Double(1e300), '1e+300', '{"$numberDouble":"1e+300"}'],
  ['NaN', new Double(Number.NaN), '{"$numberDouble":"NaN"}', '{"$numberDouble":"NaN"}'],
  ['Infinity', new Double(-Infinity), '{"$numberDouble":"-Infinity"}', '{"$numberDouble":"-Infinity"}'],
  ['Decimal128', Decimal128.fromString('1.10'), '{"$numberDecimal":"1.10"}', '{"$numberDecimal":"1.10"}'],
  ['date', new Date(1), '{"$date":"1970-01-01T00:00:00.001Z"}', '{"$date":{"$numberLong":"1"}}'],
  [
    'date without fraction',
    new Date('9999-12-31T23:59:59Z'),
    '{"$date":"9999-12-31T23:59:59Z"}',
    '{"$date":{"$numberLong":"253402300799000"}}',
  ],
  ['early date', new Date(-1), '{"$date":{"$numberLong":"-1"}}', '{"$date":{"$numberLong":"-1"}}'],
  [
    'late date',
    new Date(253_402_300_800_000),
    '{"$date":{"$numberLong":"253402300800000"}}',
    '{"$date":{"$numberLong":"253402300800000"}}',
  ],
  [
    'ObjectId',
    new ObjectId('0123456789abcdef01234567'),
    '{"$oid":"0123456789abcdef01234567"}',
    '{"$oid":"0123456789abcdef01234567"}',
  ],
  [
    'binary',
    new Binary(Buffer.from([255, 0]), 0x80),
    '{"$binary":{"base64":"/wA=","subType":"80"}}',
    '{"$binary":{"base64":"/wA=","subType":"80"}}',
  ],
  [
    'old binary',
    new Binary(Buffer.from('abc'), 2),
    '{"$binary":{"base64":"YWJj","subType":"02"}}',
    '{"$binary":{"base64":"YWJj","subType":"02"}}',
  ],
  [
    'regular expression',
    new BSONRegExp('a/"', 'xi'),
    '{"$regularExpression":{"pattern":"a/\\"","options":"ix"}}',
    '{"$regularExpression":{"pattern":"a/\\"","options":"ix"}}',
  ],
  [
    'timestamp',
    new Timestamp({ t: 4_294_967_295, i: 4_294_967_294 }),
    '{"$timestamp":{"t":4294967295,"i":4294967294}}',
    '{"$timestamp":{"t":4294967295,"i":4294967294}}',
  ],
  ['code', new Code('f("x")'), String.raw`{"$code":"f(\"x\")"}`, String.raw`{"$code":"f(\"x\")"}`],
  [
    'code with scope',
    new Code('f', { a: new Int32(1) }),
    '{"$code":"f","$scope":{"a":1}}',
    '{"$code":"f","$scope":{"a":{"$numberInt":"1"}}}',
  ],
  ['symbol', new BSONSymbol('s'), '{"$symbol":"s"}', '{"$symbol":"s"}'],
  [
    'smallest and largest',
    [new MinKey(), new MaxKey()],
    '[{"$minKey":1},{"$maxKey":1}]',
    '[{"$minKey":1},{"$maxKey":1}]',
  ],
  ['null, true, false', [null, true, false], '[null,true,false]', '[null,true,false]'],
  ['empty', [{}, []], '[{},[]]', '[{},[]]'],
  [
    'names',
    { '': 1, 'a.b': 2, $c: 3, 'd"': 4 },
    String.raw`{"":1,"a.b":2,"$c":3,"d\"":4}`,
    String.raw`{"":{"$numberInt":"1"},"a.b":{"$numberInt":"2"},"$c":{"$numberInt":"3"},"d\"":{"$numberInt":"4"}}`,
  ],
]

describe('Extended JSON', () => {
  for (const [title, value, relaxed, canonical] of samples)
    it(`has the text of the specification for ${title}`, () => {
      const bytes = BSON.serialize({ v: value })
      assert.equal(write(bytes, 'relaxed'), `{"v":${relaxed}}`)
      assert.equal(write(bytes, 'canonical'), `{"v":${canonical}}`)
    })

  it('has the deprecated types that the driver no longer makes', () => {
    assert.equal(write(withValue(0x06), 'relaxed'), '{"v":{"$undefined":true}}')
    const pointer = withValue(0x0c, 2, 0, 0, 0, 0x63, 0, ...Array.from({ length: 12 }, () => 0xab))
    assert.equal(
      write(pointer, 'relaxed'),
      `{"v":{"$dbPointer":{"$ref":"c","$id":{"$oid":"${'ab'.repeat(12)}"}}}}`,
    )
  })

  it('is read back by the driver as the same bytes when it is canonical', () => {
    const document = Object.fromEntries(
      samples.filter(([title]) => title !== 'regular expression').map(([title, value]) => [title, value]),
    )
    const bytes = BSON.serialize(document)
    const read = BSON.EJSON.parse(write(bytes, 'canonical'), { relaxed: false }) as object
    assert.deepEqual(Buffer.from(BSON.serialize(read)), Buffer.from(bytes))
  })

  it('has every digit of decimals, as the driver writes them', () => {
    const digits = [
      '0',
      '1',
      '10',
      '123',
      '1234567890123456',
      '9007199254740991',
      '9007199254740993',
      '9999999999999999999999999999999999',
    ]
    const exponents = [0, -1, -2, -3, -5, -6, -7, -20, -6176, 1, 3, 6111]
    for (const sign of ['', '-'])
      for (const digit of digits)
        for (const exponent of exponents) {
          const decimal = Decimal128.fromStringWithRounding(`${sign}${digit}E${exponent}`)
          assert.equal(
            write(BSON.serialize({ v: decimal }), 'relaxed'),
            `{"v":{"$numberDecimal":"${decimal.toString()}"}}`,
          )
        }
  })

  it('starts anywhere in the bytes', () => {
    const bytes = BSON.serialize({ a: { b: new Int32(1) } })
    assert.equal(write(bytes, 'relaxed', 7), '{"b":1}')
  })

  it('refuses bytes that are no UTF-8, or no BSON, rather than write half of them', () => {
    const code = (expected: string) => (error: { code?: string }) => error.code === expected
    const text = withValue(0x02, 2, 0, 0, 0, 0xff, 0)
    assert.throws(() => write(text, 'relaxed'), code('mongodb-text-invalid'))
    for (const bytes of [
      withValue(0x02, 99, 0, 0, 0, 0x61, 0),
      withValue(0x20),
      withValue(0x03, 4, 0, 0, 0),
      Uint8Array.of(99, 0, 0, 0, 0),
      Uint8Array.of(7, 0, 0, 0, 0x0a, 0x61, 0x61),
    ])
      assert.throws(() => write(bytes, 'relaxed'), code('mongodb-protocol'))
  })
})
