import { after } from 'node:test'
import { hostileTexts, settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import { Decimal128, MongoClient } from 'mongodb'
import { createDatabase } from '../../../test/support/mongodb.ts'
import mongodb from './index.ts'
import { addressOf, settingsOf } from './testing/connection.ts'
import { startScriptedServer } from './testing/scripted-server.ts'
import { createTypeCases } from './testing/type-cases.ts'

const testDatabase = createDatabase({ after })
const config = settingsOf(testDatabase)
const client = new MongoClient(testDatabase.uri)
after(() => client.close())
const database = client.db(testDatabase.database)
const build = await database.command({ buildInfo: 1 })
const version = `MongoDB ${String(build['version'])}`
// The stand-in knows no users; what refuses a login there speaks the words of MongoDB 7.
const refusing = await startScriptedServer(() => ({
  ok: 0,
  code: 18,
  codeName: 'AuthenticationFailed',
  errmsg: 'Authentication failed.',
}))
after(() => refusing[Symbol.asyncDispose]())

await database.collection<{ _id: number }>('person').insertMany([
  {
    _id: 1,
    name: 'Ada',
    born: new Date('1815-12-10T00:00:00Z'),
    balance: Decimal128.fromString('1.10'),
    tags: ['a', 'b'],
  },
  { _id: 2, name: 'Grace, "H."', born: new Date('1906-12-09T00:00:00Z'), balance: null, tags: [] },
  { _id: 3, name: '', address: { city: 'Gent' } },
] as never)
await database
  .collection('said')
  .insertMany(['é', ...hostileTexts.map((hostile) => hostile.text)].map((text) => ({ text })))
await database
  .collection<{ _id: number }>('growing')
  .insertMany(Array.from({ length: 5000 }, (_, i) => ({ _id: i })))
for (let start = 0; start < 40_000; start += 10_000)
  await database
    .collection<{ _id: number; text: string }>('large')
    .insertMany(Array.from({ length: 10_000 }, (_, i) => ({ _id: start + i, text: 'x'.repeat(1000) + i })))

const fields = [
  { path: '_id', name: 'id', type: 'integer' },
  { path: 'name', type: 'text' },
  { path: 'born', type: 'timestamp' },
  { path: 'balance', type: 'decimal' },
  { path: 'tags', type: 'json' },
  { path: 'address.city', type: 'text' },
]

sourceKit({
  connector: mongodb,
  config,
  system:
    build['gitVersion'] === undefined
      ? `mongo-java-server, which speaks as ${version}; logins are refused by a made-up server`
      : version,
  wrongPassword: {
    config: (password) =>
      config['user'] === undefined
        ? { ...config, hosts: [refusing.host], user: 'ada', password }
        : { ...config, password },
    code: 'mongodb-login-refused',
  },
  network: {
    ...addressOf(config),
    at: ({ host, port }) => ({ ...config, hosts: [`${host}:${port}`], directConnection: true }),
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: await createTypeCases(database),
  atWork: {
    cannot:
      'No query of MongoDB that only reads waits; `stop.server.test.ts` shows what is told to the server',
  },
  wrongConfigs: [
    { title: 'no host', config: { ...config, hosts: [] } },
    { title: 'a connection string', config: { ...config, hosts: ['mongodb://localhost'] } },
    { title: 'credentials in a host', config: { ...config, hosts: ['user:word@localhost'] } },
    { title: 'a user without password', config: { ...config, user: 'ada', password: undefined } },
    { title: 'nobody there', config: { ...config, hosts: ['127.0.0.1:1'] }, code: 'mongodb-unreachable' },
    {
      title: 'TLS where there is none',
      config: { ...config, tls: { mode: 'require' } },
      code: 'mongodb-connection-lost',
    },
  ],
  cases: [
    {
      title: 'declared columns',
      query: { collection: 'person', find: { sort: { _id: 1 } }, fields },
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'born', type: { kind: 'timestamp', zoned: true } },
        { name: 'balance', type: { kind: 'decimal' } },
        { name: 'tags', type: { kind: 'json' } },
        { name: 'address.city', type: { kind: 'text' } },
      ],
      rows: [
        {
          id: 1n,
          name: 'Ada',
          born: '1815-12-10 00:00:00+00',
          balance: '1.10',
          tags: '["a","b"]',
          'address.city': null,
        },
        {
          id: 2n,
          name: 'Grace, "H."',
          born: '1906-12-09 00:00:00+00',
          balance: null,
          tags: '[]',
          'address.city': null,
        },
        { id: 3n, name: '', born: null, balance: null, tags: null, 'address.city': 'Gent' },
      ],
      bytes: [
        {
          format: 'jsonl',
          files: {
            '': [
              '{"id":1,"name":"Ada","born":"1815-12-10T00:00:00+00:00","balance":1.10,"tags":["a","b"],"address.city":null}\n',
              '{"id":2,"name":"Grace, \\"H.\\"","born":"1906-12-09T00:00:00+00:00","balance":null,"tags":[],"address.city":null}\n',
              '{"id":3,"name":"","born":null,"balance":null,"tags":null,"address.city":"Gent"}\n',
            ].join(''),
          },
        },
      ],
    },
    {
      title: 'documents',
      query: { collection: 'person', find: { filter: { _id: 1 } } },
      rows: [
        {
          document:
            '{"_id":1,"name":"Ada","born":{"$date":{"$numberLong":"-4861728000000"}},"balance":{"$numberDecimal":"1.10"},"tags":["a","b"]}',
        },
      ],
      bytes: [
        {
          format: 'jsonl',
          files: {
            '': '{"_id":1,"name":"Ada","born":{"$date":{"$numberLong":"-4861728000000"}},"balance":{"$numberDecimal":"1.10"},"tags":["a","b"]}\n',
          },
        },
      ],
    },
    {
      title: 'parameters',
      query: {
        collection: 'person',
        aggregate: [
          { $match: { born: { $gt: { $date: { $param: 'born' } } }, _id: { $in: { $param: 'ids' } } } },
          { $project: { label: { $param: 'label' } } },
        ],
        extendedJson: 'canonical',
      },
      parameters: { label: 'é', born: '1900-01-01', ids: [1, 2] },
      rows: [{ document: '{"_id":{"$numberInt":"2"},"label":"é"}' }],
      bytes: [{ format: 'jsonl', files: { '': '{"_id":{"$numberInt":"2"},"label":"é"}\n' } }],
    },
  ],
  textParameters: [
    {
      title: 'a field of a filter',
      query: { collection: 'person', find: { filter: { name: { $param: 'name' } } } },
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list of a filter',
      query: { collection: 'person', find: { filter: { name: { $in: { $param: 'names' } } } } },
      parameters: { names: ['Ada'] },
    },
    {
      title: 'a date of a filter',
      query: { collection: 'person', find: { filter: { born: { $date: { $param: 'born' } } } } },
      parameters: { born: '1815-12-10' },
    },
    {
      title: 'a stage that compares',
      query: { collection: 'person', aggregate: [{ $match: { name: { $eq: { $param: 'name' } } } }] },
      parameters: { name: 'Ada' },
    },
    {
      title: 'an expression that compares',
      query: {
        collection: 'person',
        aggregate: [{ $match: { $expr: { $eq: ['$name', { $param: 'name' }] } } }],
      },
      parameters: { name: 'Ada' },
    },
    {
      title: 'an expression of a stage',
      query: {
        collection: 'person',
        aggregate: [{ $match: { _id: 1 } }, { $project: { text: { $param: 'text' } } }],
        fields: [
          { path: '_id', name: 'id', type: 'integer' },
          { path: 'text', name: 'text', type: 'text' },
        ],
      },
      parameters: { text: 'é' },
      echo: ({ text }) => text,
    },
    {
      title: 'an argument of an operator',
      query: {
        collection: 'person',
        aggregate: [
          { $match: { _id: 1 } },
          { $addFields: { text: { $ifNull: ['$nothing', { $param: 'text' }] } } },
          { $project: { _id: 0, text: 1 } },
        ],
        fields: [{ path: 'text', name: 'text', type: 'text' }],
      },
      parameters: { text: 'é' },
      echo: ({ text }) => text,
    },
    {
      title: 'a text that is stored',
      query: {
        collection: 'said',
        find: { filter: { text: { $param: 'text' } }, projection: { _id: 0 } },
        fields: [{ path: 'text', name: 'text', type: 'text' }],
      },
      parameters: { text: 'é' },
      echo: ({ text }) => text,
    },
  ],
  wrongQueries: [
    { title: 'text', query: 'db.person.find()', code: 'mongodb-query-invalid' },
    {
      title: 'an unknown operator',
      query: { collection: 'person', find: { filter: { a: { $foo: 1 } } } },
      code: 'mongodb-query-invalid',
    },
    {
      title: 'an unknown argument',
      query: { collection: 'person', find: { fliter: {} } },
      code: 'mongodb-query-invalid',
    },
    {
      title: 'an unknown collection',
      query: { collection: 'peple', find: {} },
      code: 'mongodb-collection-unknown',
    },
    {
      title: 'a write',
      query: { collection: 'person', aggregate: [{ $out: 'other' }] },
      code: 'mongodb-stage-refused',
    },
    {
      title: 'a nested write',
      query: { collection: 'person', aggregate: [{ $facet: { a: [{ $merge: 'other' }] } }] },
      code: 'mongodb-stage-refused',
    },
    {
      title: 'code',
      query: { collection: 'person', find: { filter: { $where: 'sleep(1)' } } },
      code: 'mongodb-javascript-refused',
    },
    {
      title: 'a collection of the server',
      query: { collection: 'system.users', find: {} },
      code: 'mongodb-query-invalid',
    },
    {
      title: 'ranges in an order',
      query: { collection: 'person', find: { sort: { _id: 1 } }, parallel: 2 },
      code: 'mongodb-parallel-refused',
    },
    {
      title: 'a column twice',
      query: { collection: 'person', find: {}, fields: [fields[0], fields[0]] },
      code: 'mongodb-columns-invalid',
    },
  ],
  large: { query: { collection: 'large', find: {} } },
  writes: [
    { query: { collection: 'person', aggregate: [{ $out: 'written' }] } },
    { query: { collection: 'person', aggregate: [{ $limit: 1 }, { $merge: { into: 'written' } }] } },
    { query: { collection: 'person', aggregate: [{ $set: { name: 'x' } }, { $merge: 'person' }] } },
    {
      query: {
        collection: 'person',
        aggregate: [{ $lookup: { from: 'person', pipeline: [{ $out: 'written' }], as: 'x' } }],
      },
    },
    {
      query: {
        collection: 'person',
        aggregate: [{ $unionWith: { coll: 'person', pipeline: [{ $merge: 'written' }] } }],
      },
    },
    {
      query: { collection: 'person', aggregate: [{ $param: 'stage' }] },
      parameters: { stage: '{"$out":"written"}' },
    },
    { query: { collection: 'person', find: {}, delete: 'person', deletes: [{ q: {}, limit: 0 }] } },
    { query: { collection: 'person', insert: { documents: [{ _id: 4 }] } } },
    { query: { collection: 'person', findAndModify: { query: {}, remove: true } } },
    { query: { collection: 'person', find: { filter: {}, remove: true, update: { $set: { name: 'x' } } } } },
  ],
  async unchanged() {
    const collections = await database.listCollections().toArray()
    const people = await database.collection('person').find().sort({ _id: 1 }).toArray()
    return (
      !collections.some(({ name }) => name === 'written') &&
      JSON.stringify(people.map(({ name }) => String(name))) === '["Ada","Grace, \\"H.\\"",""]'
    )
  },
})
