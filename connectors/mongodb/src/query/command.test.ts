import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ParameterValue } from '@bulkhead/connector-sdk'
import { BSON, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { checkParallel, commandOf, selectionOf } from './command.ts'
import { readQuery } from './read-query.ts'

type Parameters = Readonly<Record<string, ParameterValue>>

const options = {
  maxTimeMS: 1000,
  readConcern: undefined,
  batchSize: 100,
  maxDocuments: undefined,
  range: undefined,
  projection: undefined,
}

/** The command as the server gets it, in canonical Extended JSON. */
function command(query: unknown, parameters: Parameters = {}): Record<string, unknown> {
  const made = commandOf(selectionOf(readQuery(query, parameters)), options)
  return JSON.parse(
    BSON.EJSON.stringify(BSON.deserialize(BSON.serialize(made), { promoteValues: false }), {
      relaxed: false,
    }),
  ) as Record<string, unknown>
}

const filterOf = (filter: unknown, parameters: Parameters = {}): unknown =>
  command({ collection: 'c', find: { filter } }, parameters)['filter']
const pipelineOf = (aggregate: unknown, parameters: Parameters = {}): unknown =>
  command({ collection: 'c', aggregate }, parameters)['pipeline']

function fails(run: () => unknown, code: string, path?: string): void {
  assert.throws(run, (error: { code?: string; path?: string; fix?: string }) => {
    assert.equal(error.code, code)
    if (path !== undefined) assert.equal(error.path, path)
    assert.ok((error.fix ?? '') !== '')
    return true
  })
}

describe('values of a query', () => {
  const samples: readonly (readonly [written: unknown, bson: unknown])[] = [
    [{ $oid: '0123456789abcdef01234567' }, new ObjectId('0123456789abcdef01234567')],
    [{ $date: '2026-10-31' }, new Date('2026-10-31T00:00:00Z')],
    [{ $date: '2026-10-31T08:15:00.25+02:00' }, new Date('2026-10-31T06:15:00.250Z')],
    [{ $date: '2026-10-31 08:15' }, new Date('2026-10-31T08:15:00Z')],
    [{ $date: { $numberLong: '-1' } }, new Date(-1)],
    [{ $numberInt: '5' }, new Int32(5)],
    [{ $numberLong: '9223372036854775807' }, Long.MAX_VALUE],
    [{ $numberDouble: '1' }, new Double(1)],
    [{ $numberDecimal: '1.10' }, Decimal128.fromString('1.10')],
    [{ $uuid: '01234567-89ab-cdef-0123-456789abcdef' }, new UUID('01234567-89ab-cdef-0123-456789abcdef')],
    [2 ** 40, Long.fromNumber(2 ** 40)],
    [10n ** 18n, Long.fromString('1000000000000000000')],
    [0.5, new Double(0.5)],
  ]
  for (const [written, bson] of samples)
    it(`keep their type: ${BSON.EJSON.stringify(written)}`, () => {
      const expected = JSON.parse(BSON.EJSON.stringify({ a: bson }, { relaxed: false })) as unknown
      assert.deepEqual(filterOf({ a: written }), expected)
    })

  it('are refused when they are not what they say', () => {
    for (const written of [
      { $oid: 'x' },
      { $date: '2026-02-30' },
      { $date: '2026-10-31T08:15:00.0001Z' },
      { $date: 'yesterday' },
      { $numberLong: '9223372036854775808' },
      { $numberInt: 2 ** 31 },
      { $numberDecimal: '1'.repeat(35) },
      { $binary: { base64: '?', subType: '00' } },
      { $timestamp: { t: -1, i: 1 } },
    ])
      fails(() => filterOf({ a: written }), 'mongodb-query-invalid', 'query.find.filter.a')
    fails(() => filterOf({ a: 2n ** 63n }), 'mongodb-query-invalid')
  })
})

describe('parameters', () => {
  it('take the type that the query writes around them, each of a list', () => {
    const id = '0123456789abcdef01234567'
    assert.deepEqual(filterOf({ _id: { $in: { $oid: { $param: 'ids' } } } }, { ids: [id, id] }), {
      _id: { $in: [{ $oid: id }, { $oid: id }] },
    })
    assert.deepEqual(filterOf({ a: { $numberDecimal: { $param: 'a' } } }, { a: '1.50' }), {
      a: { $numberDecimal: '1.50' },
    })
    fails(
      () => filterOf({ a: { $oid: { $param: 'a' } } }, { a: 'x' }),
      'mongodb-parameter-invalid',
      'parameters.a',
    )
  })

  it('stay values in a filter, whatever they look like', () => {
    for (const value of ['$where', '{"$gt":""}', '$$ROOT', '', '$name'])
      assert.deepEqual(filterOf({ a: { $param: 'a' } }, { a: value }), { a: value })
  })

  it('never become an operator: an object, or a list of objects, is no value', () => {
    for (const value of [{ $gt: '' }, [{ $gt: '' }], [['x']], { toBSON: 1 }])
      fails(
        () => filterOf({ a: { $param: 'a' } }, { a: value as unknown as ParameterValue }),
        'mongodb-parameter-invalid',
        'parameters.a',
      )
  })

  it('are refused when they hold half of a character, which would be sent as another one', () => {
    for (const value of ['x\ud800', ['x', '\udc00']])
      fails(() => filterOf({ a: { $param: 'a' } }, { a: value }), 'mongodb-parameter-invalid', 'parameters.a')
  })

  it('never read a field where text that begins with $ would', () => {
    const literal = { $literal: '$password' }
    const parameters = { a: '$password' }
    const a = { $param: 'a' }
    assert.deepEqual(pipelineOf([{ $project: { x: a } }], parameters), [{ $project: { x: literal } }])
    assert.deepEqual(pipelineOf([{ $group: { _id: { $concat: [a, 'x'] } } }], parameters), [
      { $group: { _id: { $concat: [literal, 'x'] } } },
    ])
    assert.deepEqual(pipelineOf([{ $match: { x: a, $expr: { $eq: ['$x', a] } } }], parameters), [
      { $match: { x: '$password', $expr: { $eq: ['$x', literal] } } },
    ])
    assert.deepEqual(
      pipelineOf(
        [{ $lookup: { from: 'd', let: { v: a }, pipeline: [{ $match: { y: a } }], as: 'z' } }],
        parameters,
      ),
      [
        { $lookup: { from: 'd', let: { v: literal }, pipeline: [{ $match: { y: '$password' } }], as: 'z' } },
      ].map((stage) => ({
        $lookup: { let: stage.$lookup.let, as: 'z', from: 'd', pipeline: stage.$lookup.pipeline },
      })),
    )
    assert.deepEqual(
      pipelineOf([{ $addFields: { x: { $in: ['$y', { $param: 'l' }] } } }], { l: ['a', '$b'] }),
      [{ $addFields: { x: { $in: ['$y', { $literal: ['a', '$b'] }] } } }],
    )
    assert.deepEqual(command({ collection: 'c', find: { projection: { x: a } } }, parameters)['projection'], {
      x: literal,
    })
  })

  it('never name what is read', () => {
    const parameters = { a: 'users' }
    const a = { $param: 'a' }
    fails(() => command({ collection: a, find: {} }, parameters), 'mongodb-query-invalid', 'query.collection')
    for (const stage of [
      { $lookup: { from: a, as: 'x' } },
      { $unionWith: a },
      { $unionWith: { coll: a } },
      { $graphLookup: { from: a } },
    ])
      fails(() => pipelineOf([stage], parameters), 'mongodb-parameter-invalid', 'parameters.a')
  })

  it('count documents', () => {
    const find = { limit: { $param: 'n' }, skip: 3 }
    assert.deepEqual(command({ collection: 'c', find }, { n: 7 })['limit'], { $numberInt: '7' })
    for (const n of [0, -1, 1.5, '7', null])
      fails(() => command({ collection: 'c', find }, { n }), 'mongodb-query-invalid', 'query.find.limit')
  })
})

describe('what a query cannot do', () => {
  const nested: readonly (readonly [title: string, aggregate: readonly object[], path: string])[] = [
    ['$out', [{ $match: {} }, { $out: 'x' }], 'query.aggregate.1.$out'],
    ['$merge', [{ $merge: { into: 'x' } }], 'query.aggregate.0.$merge'],
    ['$merge in $facet', [{ $facet: { a: [{ $merge: 'x' }] } }], 'query.aggregate.0.$facet.a.0.$merge'],
    [
      '$out in $lookup',
      [{ $lookup: { from: 'd', as: 'x', pipeline: [{ $out: 'x' }] } }],
      'query.aggregate.0.$lookup.pipeline.0.$out',
    ],
    [
      '$out in $unionWith',
      [{ $unionWith: { coll: 'd', pipeline: [{ $out: 'x' }] } }],
      'query.aggregate.0.$unionWith.pipeline.0.$out',
    ],
    [
      '$out two levels down',
      [{ $facet: { a: [{ $unionWith: { coll: 'd', pipeline: [{ $out: 'x' }] } }] } }],
      'query.aggregate.0.$facet.a.0.$unionWith.pipeline.0.$out',
    ],
    [
      '$out in $rankFusion',
      [{ $rankFusion: { input: { pipelines: { a: [{ $out: 'x' }] } } } }],
      'query.aggregate.0.$rankFusion.input.pipelines.a.0.$out',
    ],
    ['$out as an expression', [{ $project: { x: { $out: 1 } } }], 'query.aggregate.0.$project.x.$out'],
    ['$currentOp', [{ $currentOp: {} }], 'query.aggregate.0.$currentOp'],
    ['$changeStream', [{ $changeStream: {} }], 'query.aggregate.0.$changeStream'],
    ['a stage of the future', [{ $obliterate: {} }], 'query.aggregate.0.$obliterate'],
  ]
  for (const [title, aggregate, path] of nested)
    it(`is ${title}`, () => fails(() => pipelineOf(aggregate), 'mongodb-stage-refused', path))

  it('is JavaScript, wherever it stands', () => {
    fails(() => filterOf({ $where: 'true' }), 'mongodb-javascript-refused', 'query.find.filter.$where')
    fails(
      () => filterOf({ $or: [{ $where: { $code: 'true' } }] }),
      'mongodb-javascript-refused',
      'query.find.filter.$or.0.$where',
    )
    fails(() => filterOf({ $expr: { $function: { body: 'f' } } }), 'mongodb-javascript-refused')
    fails(() => filterOf({ a: { $code: 'f' } }), 'mongodb-javascript-refused')
    fails(() => pipelineOf([{ $group: { _id: 1, a: { $accumulator: {} } } }]), 'mongodb-javascript-refused')
    fails(() => pipelineOf([{ $facet: { a: [{ $match: { $where: 'x' } }] } }]), 'mongodb-javascript-refused')
    fails(
      () => command({ collection: 'c', find: { projection: { a: { $function: {} } } } }),
      'mongodb-javascript-refused',
    )
  })

  it('is to read what is not data of this database', () => {
    for (const collection of ['system.users', '$cmd', '$cmd.sys.inprog', 'a\0b'])
      fails(() => command({ collection, find: {} }), 'mongodb-query-invalid', 'query.collection')
    fails(
      () => pipelineOf([{ $lookup: { from: { db: 'admin', coll: 'x' }, as: 'a' } }]),
      'mongodb-query-invalid',
    )
    fails(() => pipelineOf([{ $unionWith: 'system.profile' }]), 'mongodb-query-invalid')
  })

  it('is to slip something past the driver', () => {
    const marked = { collection: 'c', find: { filter: { a: { _bsontype: 'Code', code: 'f' } } } }
    const sent = BSON.serialize(commandOf(selectionOf(readQuery(marked, {})), options))
    assert.deepEqual(BSON.deserialize(sent)['filter'], { a: { _bsontype: 'Code', code: 'f' } })
    assert.deepEqual(Object.keys(command({ collection: 'c', find: {} })), [
      'find',
      'filter',
      'batchSize',
      'maxTimeMS',
    ])
    fails(() => readQuery({ collection: 'c', find: {}, delete: 'c' }, {}), 'mongodb-query-invalid')
    fails(() => filterOf({ 'a\0': 1 }), 'mongodb-query-invalid')
  })
})

describe('ranges', () => {
  const check = (query: object): void =>
    checkParallel(selectionOf(readQuery({ collection: 'c', parallel: 2, ...query }, {})), 2, 4)
  it('go with what looks at each document alone', () => {
    check({ find: { filter: { a: 1 }, projection: { a: 1 } } })
    check({ aggregate: [{ $match: {} }, { $unwind: '$a' }, { $lookup: { from: 'd', as: 'x' } }] })
  })
  it('are refused with everything else', () => {
    for (const find of [{ sort: { a: 1 } }, { limit: 1 }, { skip: 1 }, { hint: 'a' }])
      fails(() => check({ find }), 'mongodb-parallel-refused', `query.find.${Object.keys(find)[0]}`)
    for (const stage of [{ $group: { _id: 1 } }, { $sort: { a: 1 } }, { $limit: 1 }, { $unionWith: 'd' }])
      fails(() => check({ aggregate: [stage] }), 'mongodb-parallel-refused', 'query.aggregate.0')
  })
  it('are refused beyond the connections of the connection', () => {
    const selection = selectionOf(readQuery({ collection: 'c', find: {} }, {}))
    fails(() => checkParallel(selection, 5, 4), 'mongodb-parallel-refused', 'query.parallel')
  })
})

it('an order of names that are numbers, which JavaScript changes, is refused', () => {
  fails(
    () => command({ collection: 'c', find: { sort: { b: 1, 10: 1 } } }),
    'mongodb-query-invalid',
    'query.find.sort',
  )
  fails(() => pipelineOf([{ $sort: { b: 1, 10: 1 } }]), 'mongodb-query-invalid')
})
