import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { ParameterValue } from '@bulkhead/connector-sdk'
import { createDatabase, execute } from '../../../test/support/mysql.ts'
import { openConnection, readAll, readOne } from './testing/open-connection.ts'

const database = await createDatabase({ after })
await execute(
  database,
  `CREATE TABLE item (id bigint unsigned PRIMARY KEY, name varchar(100), price decimal(40, 20), day date, data varbinary(10),
   flag tinyint(1), rate double)`,
)
await execute(
  database,
  `INSERT INTO item VALUES
   (1, 'a', 0.1, '2026-10-31', x'00ff', 1, 0.5), (18446744073709551615, 'é''"\\\\', 12345678901234567890.12345678901234567890, NULL, NULL, 0, NULL)`,
)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

const ids = async (
  where: string,
  parameters: Readonly<Record<string, ParameterValue>>,
): Promise<readonly unknown[]> =>
  (await readAll(source, `SELECT id FROM item WHERE ${where} ORDER BY id`, parameters)).map(({ id }) => id)
const last = 18_446_744_073_709_551_615n

describe('parameters', () => {
  it('have the type of their value', async () => {
    assert.deepEqual(await ids('id = :id', { id: 1 }), [1n])
    assert.deepEqual(await ids('id = :id', { id: last }), [last])
    assert.deepEqual(await ids('id < :id', { id: 2n ** 80n }), [1n, last])
    assert.deepEqual(await ids('id > :id', { id: -1 }), [1n, last])
    assert.deepEqual(await ids('name = :name', { name: 'é\'"\\' }), [last])
    assert.deepEqual(await ids('flag = :flag', { flag: true }), [1n])
    assert.deepEqual(await ids('rate = :rate', { rate: 0.5 }), [1n])
    assert.deepEqual(await ids('data = :data', { data: Uint8Array.of(0, 255) }), [1n])
    assert.deepEqual(await ids('day = :day', { day: '2026-10-31' }), [1n])
    assert.deepEqual(await ids('day <=> :day', { day: null }), [last])
    assert.deepEqual(await ids('price = CAST(:price AS DECIMAL(40, 20))', { price: '12345678901234567890.12345678901234567890' }), [last]) // prettier-ignore
  })
  it('come back as they went', async () => {
    for (const value of [
      1n,
      -1n,
      9_007_199_254_740_993n,
      -(2n ** 63n),
      last,
      'é😀\u0000"\'\\',
      '',
      0.1,
      1e300,
      null,
    ])
      assert.deepEqual(await readOne(source, 'SELECT :value AS value', { value }), value)
    assert.equal(await readOne(source, 'SELECT :value AS value', { value: 2n ** 70n }), String(2n ** 70n))
    assert.deepEqual(
      Buffer.from(
        (await readOne(source, 'SELECT :value AS value', { value: Uint8Array.of(0, 39) })) as Uint8Array,
      ),
      Buffer.of(0, 39),
    )
    const long = 'x'.repeat(70_000)
    assert.equal(await readOne(source, 'SELECT :long AS value', { long }), long)
  })
  it('are used as often as they are written', async () => {
    const rows = await readAll(source, 'SELECT :b AS x, :a AS y, :b AS z', { a: 'a', b: 'b' })
    assert.deepEqual(rows, [{ x: 'b', y: 'a', z: 'b' }])
  })
  it('may stand where the server takes a parameter', async () => {
    assert.equal((await readAll(source, 'SELECT id FROM item LIMIT :n', { n: 1 })).length, 1)
    assert.equal(
      await readOne(source, 'SELECT JSON_LENGTH(JSON_ARRAY(:list)) AS n', { list: ['a', 'b', 'c'] }),
      3,
    )
  })
})

describe('a list', () => {
  it('is the values of IN', async () => {
    assert.deepEqual(await ids('id IN (:ids)', { ids: [1, 2, last] }), [1n, last])
    assert.deepEqual(await ids('name IN (:names)', { names: ['a'] }), [1n])
    assert.deepEqual(await ids('(id, name) IN ((:ids), (:more))', { ids: [1, 'a'], more: [2, 'b'] }), [1n])
  })
  it('finds nothing when it is empty, and everything when it is excluded', async () => {
    assert.deepEqual(await ids('id IN (:ids)', { ids: [] }), [])
    assert.deepEqual(await ids('id NOT IN (:ids)', { ids: [] }), [1n, last])
  })
  it('has as many values as the server takes', async () => {
    const values = Array.from({ length: 65_535 }, (_, index) => index)
    assert.deepEqual(await ids('id IN (:values)', { values }), [1n])
    await assert.rejects(ids('id IN (:values)', { values: [...values, 0] }), {
      code: 'mysql-parameter-invalid',
      path: 'parameters.values',
    })
  })
})

describe('values never become SQL', () => {
  const hostile = [
    "' OR 1=1 -- ",
    "\\' OR 1=1 -- ",
    '" OR ""="',
    '1 OR 1=1',
    '?; DROP TABLE item',
    '*/ OR 1=1 /*',
    '\u0000',
    '\u02bc OR 1=1 -- ',
    ':id',
    "'; KILL 1; -- ",
    "\ufffd' OR 1=1 -- ",
  ]
  for (const value of hostile)
    it(JSON.stringify(value), async () => {
      assert.deepEqual(await ids('name = :value', { value }), [])
      assert.deepEqual(await ids('name IN (:value)', { value: [value, value] }), [])
      assert.deepEqual(await readOne(source, 'SELECT :value AS value', { value }), value)
      assert.deepEqual(await ids(`name = ':value' OR name = :value -- :value`, { value }), [])
    })

  it('and are refused when no server can take them', async () => {
    for (const value of ['\ud800', NaN, Infinity])
      await assert.rejects(ids('name = :value', { value }), {
        code: 'mysql-parameter-invalid',
        path: 'parameters.value',
      })
  })
})
