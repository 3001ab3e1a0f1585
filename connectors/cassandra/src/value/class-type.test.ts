import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classType } from './class-type.ts'
import { typeName } from './cql-type.ts'

const marshal = 'org.apache.cassandra.db.marshal.'

test('reads the classes that the protocol has no number for', () => {
  const names: readonly [string, string][] = [
    [`${marshal}DurationType`, 'duration'],
    [`${marshal}VectorType(${marshal}FloatType , 3)`, 'vector<float, 3>'],
    [`${marshal}FrozenType(${marshal}ListType(${marshal}UTF8Type))`, 'list<text>'],
    [
      `${marshal}VectorType(${marshal}MapType(${marshal}UUIDType,${marshal}TupleType(${marshal}Int32Type,${marshal}DateRangeType)), 2)`,
      `'${marshal}VectorType(${marshal}MapType(${marshal}UUIDType,${marshal}TupleType(${marshal}Int32Type,${marshal}DateRangeType)), 2)'`,
    ],
    [
      `${marshal}UserType(ks,61646472,6964:${marshal}Int32Type,78:${marshal}SetType(${marshal}InetAddressType))`,
      'addr',
    ],
  ]
  for (const [text, expected] of names) assert.equal(typeName(classType(text)), expected)
})

test('keeps what it does not know as a class of its own', () => {
  for (const text of [
    '',
    'Foo',
    `${marshal}constructor`,
    `${marshal}ListType(`,
    `${marshal}Int32Type)`,
    `${marshal}VectorType(${marshal}FloatType)`,
  ])
    assert.deepEqual(classType(text), { kind: 'custom', name: text })
})
