import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Double, Int32, Long, MongoClient, ObjectId } from 'mongodb'
import { createDatabase } from '../../../test/support/mongodb.ts'
import { settingsOf } from './testing/connection.ts'
import { failureOf, openSource, readLines, readRequest } from './testing/open-source.ts'

const testDatabase = createDatabase({ after })
const config = settingsOf(testDatabase)
const client = new MongoClient(testDatabase.uri)
after(() => client.close())
const database = client.db(testDatabase.database)
const source = await openSource(config, { connections: 4 })
after(() => source[Symbol.asyncDispose]())

const fill = async (name: string, documents: readonly object[]): Promise<void> =>
  void (await database.collection(name).insertMany(documents.map((document) => ({ ...document }))))

const lines = (query: object, more: Parameters<typeof readRequest>[1] = {}): Promise<readonly string[]> =>
  readLines(source, readRequest(query, more))

describe('ranges of _id', () => {
  const mixed = [
    ...Array.from({ length: 3000 }, (_, index) => ({ _id: new Int32(index), kind: 'int' })),
    ...Array.from({ length: 300 }, (_, index) => ({ _id: new Double(index + 0.5), kind: 'double' })),
    ...Array.from({ length: 20 }, (_, index) => ({ _id: Long.fromNumber(2 ** 40 + index), kind: 'long' })),
    ...['a', 'b'].map((_id) => ({ _id, kind: 'text' })),
    { _id: new ObjectId(), kind: 'id' },
    { _id: new Date(0), kind: 'date' },
    { _id: new Double(Number.NaN), kind: 'nan' },
    { _id: null, kind: 'null' },
    { _id: { a: 1 }, kind: 'object' },
    { _id: true, kind: 'boolean' },
  ]
  const parallel = (name: string, more: object = {}) => ({ collection: name, find: more, parallel: 4 })

  it('hold every document exactly once, whatever its key is', async () => {
    await fill('mixed', mixed)
    const all = await lines({ collection: 'mixed', find: {} })
    const found = await lines(parallel('mixed'))
    assert.equal(found.length, mixed.length)
    assert.deepEqual(found.toSorted(byText), all.toSorted(byText))
  })
  it('hold what the filter or the pipeline leaves', async () => {
    const filtered = await lines(
      parallel('mixed', { filter: { kind: { $ne: 'int' } }, projection: { _id: 0 } }),
    )
    assert.equal(filtered.length, mixed.length - 3000)
    const piped = await lines({
      collection: 'mixed',
      aggregate: [{ $match: { kind: 'double' } }],
      parallel: 3,
    })
    assert.equal(piped.length, 300)
  })
  it('are one when there is nothing to cut', async () => {
    await fill('one', [{ _id: 1 }])
    assert.deepEqual(await lines(parallel('one')), ['{"_id":1}'])
    await fill('dates', [{ _id: { day: 1 } }, { _id: { day: 2 } }])
    assert.equal((await lines(parallel('dates'))).length, 2)
  })
  it('end at the rows that are wanted, and give their connections back', async () => {
    for (let round = 0; round < 3; round++)
      assert.equal((await lines(parallel('mixed'), { maxRows: 1000 })).length, 1000)
  })
})

describe('columns', () => {
  const documents = [
    { _id: 1, name: 'Ada', count: new Int32(1), price: new Int32(3), at: new Date(0), tags: ['a'] },
    { _id: 2, name: null, count: Long.MAX_VALUE, price: new Double(0.5), tags: [] },
  ]
  const discover = { collection: 'shop', find: { sort: { _id: 1 } }, discover: 100 }

  it('are found by looking at documents, numbers with a type that keeps them all', async () => {
    await fill('shop', documents)
    await using extract = await source.prepare(
      readRequest(discover, { form: 'columns' }),
      new AbortController().signal,
    )
    assert.deepEqual(
      extract.fields.map(({ name, type }) => [name, type.kind]),
      [
        ['_id', 'integer'],
        ['name', 'text'],
        ['count', 'integer'],
        ['price', 'float'],
        ['at', 'timestamp'],
        ['tags', 'json'],
      ],
    )
    assert.deepEqual(await lines(discover), [
      '{"_id":1,"name":"Ada","count":1,"price":3,"at":"1970-01-01T00:00:00+00:00","tags":["a"]}',
      '{"_id":2,"name":null,"count":9223372036854775807,"price":0.5,"at":null,"tags":[]}',
    ])
  })
  it('never lose a field: one that comes later is an error, or goes to the rest', async () => {
    await fill('grown', [
      ...Array.from({ length: 300 }, (_, index) => ({ _id: index })),
      { _id: 300, late: { a: 1 } },
    ])
    const query = { collection: 'grown', find: { sort: { _id: 1 } }, discover: 1 }
    const error = await failureOf(lines(query))
    assert.equal(error.code, 'mongodb-field-unexpected')
    assert.match(error.message, /field late/)
    const found = await lines({ ...query, rest: 'more' })
    assert.equal(found[0], '{"_id":0,"more":null}')
    assert.equal(found.at(-1), '{"_id":300,"more":{"late":{"a":1}}}')
  })
  it('keep what a declared path leaves of a field in the rest', async () => {
    await fill('nested', [{ _id: 1, a: { b: 1, c: 2 }, d: [{ e: 'x' }], 'f.g': 5 }])
    const fields = [
      { path: 'a.b', type: 'integer' },
      { path: 'd.0.e', type: 'text' },
      { path: ['f.g'], type: 'float' },
      { path: 'a.none', type: 'text' },
    ]
    const query = { collection: 'nested', find: {}, fields }
    assert.deepEqual(await lines(query), ['{"a.b":1,"d.0.e":"x","f.g":5,"a.none":null}'])
    assert.deepEqual(await lines({ ...query, rest: 'rest' }), [
      '{"a.b":1,"d.0.e":"x","f.g":5,"a.none":null,"rest":{"_id":1,"a":{"b":1,"c":2},"d":[{"e":"x"}]}}',
    ])
  })
  it('refuse a value that does not fit, in both forms, and do not show it', async () => {
    await fill('unfit', [{ _id: 1, text: 'Ada', half: 0.5, big: Long.MAX_VALUE, list: [{ a: 1 }] }])
    for (const [path, type] of [
      ['text', 'integer'],
      ['half', 'integer'],
      ['big', 'float'],
      ['text', 'decimal'],
      ['half', 'text'],
      ['text', 'boolean'],
      ['text', 'timestamp'],
      ['text', 'binary'],
      ['text.a', 'json'],
      ['list.a', 'json'],
    ])
      for (const form of ['bytes', 'columns'] as const) {
        const query = { collection: 'unfit', find: {}, fields: [{ path, type }] }
        const error = await failureOf(readAll(query, form))
        assert.equal(error.code, 'mongodb-value-unfit', `${path} as ${type}`)
        assert.doesNotMatch(error.message, /Ada|0\.5/)
      }
  })
  it('are refused when they overlap, or nothing was found', async () => {
    const fields = [
      { path: 'a', type: 'json' },
      { path: 'a.b', type: 'json' },
    ]
    for (const query of [
      { collection: 'nested', find: {}, fields },
      { collection: 'nested', find: { filter: { none: 1 } }, discover: 10 },
      { collection: 'nested', find: {}, rest: 'x' },
      { collection: 'nested', find: {}, fields: [fields[0]], discover: 10 },
    ])
      assert.equal((await failureOf(lines(query))).code, 'mongodb-columns-invalid')
  })
})

describe('memory', () => {
  it('does not grow with the number of documents', async () => {
    await fill(
      'many',
      Array.from({ length: 20_000 }, (_, index) => ({ _id: index, text: 'x'.repeat(2000), n: index / 7 })),
    )
    const query = { collection: 'many', find: {} }
    let most = 0
    let rows = 0
    let batches = 0
    const before = heldBytes()
    await using extract = await source.prepare(readRequest(query), new AbortController().signal)
    for await (const batch of extract.read(new AbortController().signal)) {
      rows += batch.form === 'bytes' ? (batch.rows ?? 0) : 0
      if (batches++ % 5 === 0) most = Math.max(most, heldBytes() - before)
    }
    assert.equal(rows, 20_000)
    assert.ok(most < 16 * 2 ** 20, `40 MB took ${Math.round(most / 2 ** 20)} MiB`)
  })
})

/** What JavaScript holds, its garbage apart. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function readAll(query: object, form: 'bytes' | 'columns'): Promise<void> {
  const { signal } = new AbortController()
  await using extract = await source.prepare(readRequest(query, { form }), signal)
  for await (const _ of extract.read(signal)) continue
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
