import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { avroJson } from './avro-json.ts'
import { avroType } from './avro-type.ts'

/** The value as `avsc`, another make, writes it, read by ours. */
function through(schema: unknown, value: unknown): string {
  const bytes = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false }).toBuffer(value)
  return avroJson(avroType(schema, new Map()), bytes, 0)
}

const long = (value: bigint): Buffer => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
const read = (schema: unknown, bytes: Buffer): string => avroJson(avroType(schema, new Map()), bytes, 0)

test('reads what another make writes', () => {
  const schema = {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'note', type: ['null', 'string'] },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: { type: 'record', name: 'Line', fields: [{ name: 'price', type: 'double' }] },
        },
      },
      { name: 'first', type: ['null', 'Line'] },
      { name: 'tags', type: { type: 'map', values: 'int' } },
      { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'DONE'] } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
      { name: 'bytes', type: 'bytes' },
      { name: 'rate', type: 'float' },
      { name: 'flag', type: 'boolean' },
      { name: 'parent', type: ['null', 'Order'] },
    ],
  }
  const inner = {
    id: 1,
    note: null,
    lines: [],
    first: null,
    tags: {},
    state: 'OPEN',
    hash: Buffer.of(0, 1),
    bytes: Buffer.alloc(0),
    rate: 0.5,
    flag: false,
    parent: null,
  }
  const value = {
    ...inner,
    id: -5,
    note: 'é"',
    lines: [{ price: 1.1 }, { price: -0 }],
    first: { price: 2 },
    tags: { a: 1 },
    state: 'DONE',
    rate: 0.1,
    flag: true,
    parent: inner,
  }
  assert.equal(
    through(schema, value),
    '{"id":-5,"note":"é\\"","lines":[{"price":1.1},{"price":-0}],"first":{"price":2},"tags":{"a":1},"state":"DONE","hash":"\\\\x0001","bytes":"\\\\x","rate":0.1,"flag":true,' +
      '"parent":{"id":1,"note":null,"lines":[],"first":null,"tags":{},"state":"OPEN","hash":"\\\\x0001","bytes":"\\\\x","rate":0.5,"flag":false,"parent":null}}',
  )
})

test('keeps every number of 64 bits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      assert.equal(read('long', long(value)), String(value))
    }),
  )
  assert.equal(read('double', Buffer.from(new Float64Array([Number.NaN]).buffer)), '"NaN"')
})

test('reads logical types by what they mean', () => {
  const logical = (type: string, logicalType: string, value: bigint): string =>
    read({ type, logicalType }, long(value))
  assert.equal(logical('int', 'date', 20_757n), '"2026-10-31"')
  assert.equal(logical('int', 'date', -719_163n), '"0001-12-31 BC"')
  assert.equal(logical('int', 'time-millis', 29_700_250n), '"08:15:00.25"')
  assert.equal(logical('long', 'time-micros', 1n), '"00:00:00.000001"')
  assert.equal(logical('long', 'timestamp-millis', -1n), '"1969-12-31T23:59:59.999+00:00"')
  assert.equal(logical('long', 'timestamp-micros', 1n), '"1970-01-01T00:00:00.000001+00:00"')
  assert.equal(logical('long', 'timestamp-nanos', -(2n ** 63n)), '"1677-09-21T00:12:43.145224192+00:00"')
  assert.equal(
    logical('long', 'timestamp-millis', -62_135_596_800_001n),
    '"0001-12-31T23:59:59.999+00:00 BC"',
  )
  assert.equal(logical('long', 'local-timestamp-millis', 0n), '"1970-01-01T00:00:00"')
  assert.equal(logical('long', 'nobody-knows', 7n), '7')
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }
  assert.equal(read(decimal, Buffer.of(2, 110)), '1.10')
  assert.equal(read(decimal, Buffer.of(2, 251)), '-0.05')
  assert.equal(read(decimal, Buffer.of(0)), '0.00')
  assert.equal(
    read(
      { type: 'fixed', name: 'd', size: 12, logicalType: 'duration' },
      Buffer.from('010000000200000004000000', 'hex'),
    ),
    '"P1M2DT0.004S"',
  )
})

test('refuses bytes that are no value of the schema, however they end', () => {
  const record = {
    type: 'record',
    name: 'r',
    fields: [
      { name: 'a', type: ['null', 'string'] },
      { name: 'b', type: { type: 'array', items: 'null' } },
    ],
  }
  for (const bytes of [
    [],
    [2],
    [2, 4, 0x41],
    [4],
    [0, 0, 0],
    [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
    [2, 1],
  ])
    assert.throws(() => read(record, Buffer.from(bytes)), RangeError, String(bytes))
  const endless = { type: 'record', name: 'r', fields: [{ name: 'r', type: 'r' }] }
  assert.throws(() => read(endless, Buffer.alloc(0)), RangeError)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      try {
        JSON.parse(read(record, Buffer.from(bytes)))
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof TypeError, String(error))
      }
    }),
  )
})

test('refuses a schema that is none', () => {
  let deep: unknown = 'int'
  for (let depth = 0; depth < 200; depth++) deep = { type: 'array', items: deep }
  for (const schema of [
    null,
    7,
    'nobody',
    { type: 'record', name: 'r' },
    { type: 'fixed', name: 'f', size: -1 },
    { type: 'enum', name: 'e' },
    deep,
  ])
    assert.throws(() => avroType(schema, new Map()))
})

test('writes floats as floats of columns are written', () => {
  const list = (items: string) => ({ type: 'array', items })
  assert.equal(
    through(list('double'), [-2.545954739847317e16, 1e15, 0.00001, 0.1, -0, Number.NaN]),
    '[-2.5459547398473168e+16,1e+15,1e-05,0.1,-0,"NaN"]',
  )
  assert.equal(
    through(list('float'), [0.1, 16_777_216, -Infinity].map(Math.fround)),
    '[0.1,1.6777216e+07,"-Infinity"]',
  )
})
