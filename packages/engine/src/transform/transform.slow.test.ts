import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  defaultCsv,
  isBulkheadError,
  type ColumnsBatch,
  type Field,
  type Row,
  type RowsBatch,
} from '@bulkhead/connector-sdk'
import { createCsvFormatter } from '../format/csv.ts'
import { createJsonlFormatter } from '../format/jsonl.ts'
import { unlimited, type RowFormatter } from '../format/row-formatter.ts'
import { allTypes, field, hardRows, infiniteRows } from '../format/testing/all-types.ts'
import { rowReader } from './columns-to-rows.ts'
import { rowsToColumns } from './rows-to-columns.ts'
import type { MapFunction, RejectedRow, TransformStep } from './step.ts'
import { createTransform } from './transform.ts'

const path = 'spec.jobs.j.process[0]'
const map = (run: MapFunction, fields?: unknown): TransformStep => ({ kind: 'map', map: run, fields, path })
const select = (...names: string[]): TransformStep => ({ kind: 'select', names, path })

interface Result {
  readonly fields: readonly Field[]
  readonly batches: readonly ColumnsBatch[]
  readonly rows: readonly Row[]
  readonly rejected: readonly RejectedRow[]
}

async function run(
  steps: readonly TransformStep[],
  fields: readonly Field[],
  batches: readonly (ColumnsBatch | RowsBatch)[],
  maxBytes?: number,
): Promise<Result> {
  const transform = await createTransform(steps, fields, maxBytes)
  const outputs: ColumnsBatch[] = []
  const rows: Row[] = []
  const rejected: RejectedRow[] = []
  for (const batch of batches) {
    for await (const output of transform.apply(batch)) {
      rejected.push(...output.rejected)
      if (output.batch === undefined) continue
      outputs.push(output.batch)
      const read = rowReader(transform.fields!, output.batch)
      for (let row = 0; row < output.batch.rows; row++) rows.push(read(row))
    }
  }
  return { fields: transform.finalFields(), batches: outputs, rows, rejected }
}

function textOf(formatter: RowFormatter, batches: readonly ColumnsBatch[]): string {
  let text = ''
  for (const batch of batches) {
    for (let row = 0; row < batch.rows;) {
      const { bytes, next } = formatter.format(batch, row, unlimited)
      text += Buffer.from(bytes).toString()
      row = next
    }
  }
  return text
}

const people = [field('id', { kind: 'integer', bits: 64 }), field('name', { kind: 'text' })]
const rowsOf = (...rows: Row[]): RowsBatch => ({ form: 'rows', rows })
const ada = { id: 1n, name: 'Ada' }
const bob = { id: 2n, name: 'Bob' }

test('selects columns in the order of the names, without copying them', async () => {
  const batch = rowsToColumns([ada, bob], people, 1)
  const { fields, batches, rows } = await run([select('name')], people, [batch])
  assert.deepEqual(fields, [people[1]])
  assert.equal(batches[0]!.columns[0], batch.columns[1])
  assert.deepEqual(rows, [{ name: 'Ada' }, { name: 'Bob' }])
})

test('refuses to select a column that is not there or is there twice, before anything runs', async () => {
  await assert.rejects(createTransform([select('id', 'nane')], people), (error) => {
    assert.ok(isBulkheadError(error))
    assert.equal(error.code, 'column-unknown')
    assert.equal(error.path, `${path}.select[1]`)
    assert.equal(error.fix, 'Choose among id, name')
    return true
  })
  await assert.rejects(createTransform([select('id')], [...people, people[0]!]), { code: 'column-duplicate' })
})

test('an identity leaves the bytes of CSV and JSON Lines unchanged, for every type', async () => {
  const batch = rowsToColumns([...hardRows, ...infiniteRows], allTypes, 1)
  for (const [identity, declared] of [
    [(row: Row) => row, undefined],
    [async (row: Row) => ({ ...row }), undefined],
    [(row: Row) => [row], Object.fromEntries(allTypes.map(({ name, type }) => [name, type]))],
  ] as const) {
    const { fields, batches } = await run([map(identity, declared)], allTypes, [batch])
    assert.equal(
      textOf(createCsvFormatter(fields, defaultCsv), batches),
      textOf(createCsvFormatter(allTypes, defaultCsv), [batch]),
    )
    assert.equal(
      textOf(createJsonlFormatter(fields), batches),
      textOf(createJsonlFormatter(allTypes), [batch]),
    )
  }
})

test('drops a row for null, makes several of an array, and waits for promises', async () => {
  const step = map(async (row) => (row['id'] === 2n ? null : [row, { ...row, name: 'again' }]))
  const { rows } = await run([step], people, [rowsOf(ada, bob, { id: 3n, name: null })])
  assert.deepEqual(rows, [ada, { id: 1n, name: 'again' }, { id: 3n, name: null }, { id: 3n, name: 'again' }])
})

test('calls the code once a row, in order, one after the other', async () => {
  const calls: unknown[] = []
  let busy = false
  const step = map(async (row) => {
    assert.equal(busy, false)
    busy = true
    await Promise.resolve()
    busy = false
    calls.push(row['id'])
    return row
  })
  await run([step], people, [rowsOf(ada, bob), rowsOf({ id: 3n, name: 'C' })])
  assert.deepEqual(calls, [1n, 2n, 3n])
})

test('takes the columns from the first row: known names keep their type, others get that of their first value', async () => {
  const step = map((row) => ({
    name: row['name'],
    long: (row['name'] as string).length > 3,
    big: 2n ** 40n,
    half: 0.5,
    raw: Uint8Array.of(7),
    list: [1, { a: 'b' }],
    at: new Date(0),
    later: row['id'] === 1n ? null : 'known',
    never: null,
  }))
  const { fields, rows } = await run([step], people, [rowsOf(ada, bob)])
  assert.deepEqual(
    fields.map(({ name, type }) => [name, type]),
    [
      ['name', { kind: 'text' }],
      ['long', { kind: 'boolean' }],
      ['big', { kind: 'integer', bits: 64 }],
      ['half', { kind: 'float', bits: 64 }],
      ['raw', { kind: 'binary' }],
      ['list', { kind: 'json' }],
      ['at', { kind: 'timestamp', zoned: true }],
      ['later', { kind: 'text' }],
      ['never', { kind: 'text' }],
    ],
  )
  assert.deepEqual(rows[1], {
    name: 'Bob',
    long: false,
    big: 2n ** 40n,
    half: 0.5,
    raw: Uint8Array.of(7),
    list: '[1,{"a":"b"}]',
    at: '1970-01-01 00:00:00+00',
    later: 'known',
    never: null,
  })
})

test('knows declared columns before the first row', async () => {
  const declared = { total: 'decimal(10,2)', day: 'date', id: 'integer32', tags: 'json', at: 'timestamptz' }
  const step = map(
    (row) => ({ id: row['id'], total: '1.5', day: '2026-10-31', tags: ['a'], at: null }),
    declared,
  )
  const transform = await createTransform([step, select('id', 'total')], people)
  assert.deepEqual(transform.fields, [
    { name: 'id', type: { kind: 'integer', bits: 32 }, nullable: true },
    { name: 'total', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  ])
  const { rows } = await run([step, select('id', 'total')], people, [rowsOf(ada)])
  assert.deepEqual(rows, [{ id: 1, total: '1.5' }])
})

test('refuses declared columns of unknown types', async () => {
  for (const declared of [
    { a: 'varchar' },
    { a: { kind: 'integer', bits: 7 } },
    {},
    [],
    'text',
    { a: 'decimal(2,3)' },
  ]) {
    await assert.rejects(createTransform([map((row) => row, declared)], people), {
      code: 'map-invalid',
      path,
    })
  }
})

test('keeps the columns of an empty result', async () => {
  const untyped = map(() => null)
  assert.deepEqual((await run([untyped], people, [rowsOf(ada)])).fields, people)
  assert.deepEqual(
    (await run([untyped, select('name', 'new')], people, [])).fields.map(({ name }) => name),
    ['name', 'new'],
  )
  assert.deepEqual(
    (await run([untyped, map(() => null, { x: 'date' })], people, [])).fields.map(({ name }) => name),
    ['x'],
  )
})

test('learns the columns from the first row that comes, also when that is in a later batch', async () => {
  const step = map((row) => (row['id'] === 1n ? null : { name: row['name'] }))
  const { rows } = await run([step, select('name')], people, [rowsOf(ada), rowsOf(ada, bob), rowsOf(bob)])
  assert.deepEqual(rows, [{ name: 'Bob' }, { name: 'Bob' }])
})

test('names row and column of a result that does not fit, and never the value', async () => {
  const cases: [MapFunction, unknown, string][] = [
    [
      (row) => (row['id'] === 1n ? row : { ...row, extra: 'secret' }),
      undefined,
      'Row 2 has the key "extra", which is no column of the result',
    ],
    [
      (row) => (row['id'] === 1n ? row : 'secret'),
      undefined,
      'Row 2 is not an object with a value for each column',
    ],
    [
      (row) => ({ ...row, id: row['id'] === 1n ? 1n : 'secret' }),
      undefined,
      'Column "id" of row 2 must be a bigint or whole number of 64 bits',
    ],
    [
      (row) => ({ flag: row['id'] === 1n ? true : 'secret' }),
      undefined,
      'Column "flag" of row 2 must be true or false',
    ],
    [
      (row) => ({ n: row['id'] === 1n ? 1 : 2.5 }),
      { n: 'integer16' },
      'Column "n" of row 2 must be a whole number from -32768 to 32767',
    ],
    [
      (row) => ({ n: row['id'] === 1n ? 1 : 40_000 }),
      { n: 'integer16' },
      'Column "n" of row 2 must be a whole number from -32768 to 32767',
    ],
    [
      (row) => ({ n: row['id'] === 1n ? '1.00' : 0.1 + 0.2 }),
      { n: 'decimal' },
      'Column "n" of row 2 must be a decimal, as text such as 12.50',
    ],
    [
      (row) => ({ n: row['id'] === 1n ? '1.00' : '1.005' }),
      { n: 'decimal(5,2)' },
      'Column "n" of row 2 must be a decimal of at most 5 digits and the scale 2, as text such as 12.50',
    ],
    [
      (row) => ({ j: row['id'] === 1n ? '{}' : '{secret' }),
      { j: 'json' },
      'Column "j" of row 2 must be JSON, as text or as an object',
    ],
    [
      (row) => ({ t: row['id'] === 1n ? 'x' : '\ud800' }),
      { t: 'text' },
      'Column "t" of row 2 must be text of whole Unicode characters',
    ],
    [
      (row) => ({ d: row['id'] === 1n ? '2026-02-28' : '2026-02-29' }),
      { d: 'date' },
      'Column "d" of row 2 must be a date such as 2026-10-31, as text',
    ],
    [
      (row) => ({ f: row['id'] === 1n ? 1 : 1e39 }),
      { f: 'float32' },
      'Column "f" of row 2 must be a number that 32 bits can hold',
    ],
  ]
  for (const [code, declared, message] of cases) {
    await assert.rejects(run([map(code, declared)], people, [rowsOf(ada), rowsOf(bob)]), (error) => {
      assert.ok(isBulkheadError(error))
      assert.equal(error.message, message)
      assert.equal(error.code, 'map-result-invalid')
      assert.equal(error.kind, 'record')
      return true
    })
  }
})

test('says that the code threw, for which row, and keeps its words to the cause', async () => {
  const step = map((row) => {
    if (row['id'] === 2n) throw new TypeError('the secret of Bob')
    return row
  })
  await assert.rejects(run([step], people, [rowsOf(ada, bob)]), (error) => {
    assert.ok(isBulkheadError(error))
    assert.equal(error.code, 'map-failed')
    assert.equal(error.message, 'The mapping code threw TypeError for row 2')
    assert.equal((error.cause as Error).message, 'the secret of Bob')
    return true
  })
})

test('says so too when what the code returned throws as it is looked at', async () => {
  const returned = {
    get name(): string {
      throw new TypeError('the secret of Bob')
    },
  }
  for (const declared of [undefined, { name: 'text' }])
    await assert.rejects(run([map(() => returned, declared)], people, [rowsOf(ada)]), (error) => {
      assert.ok(isBulkheadError(error))
      assert.equal(error.code, 'map-failed')
      assert.equal(error.message, 'The mapping code threw TypeError for row 1')
      return true
    })
})

test('yields bounded batches when code makes many rows of one', async () => {
  const step = map((row) => Array.from({ length: 5_000 }, () => row), { id: 'integer', name: 'text' })
  const { batches, rows } = await run([step], people, [rowsOf(ada, bob)], 10_000)
  assert.equal(rows.length, 10_000)
  assert.ok(batches.every((batch) => batch.bytes <= 10_100))
  const undeclared = map((row) => Array.from({ length: 25_000 }, () => row))
  assert.ok((await run([undeclared], people, [rowsOf(ada)], 10_000)).batches.length > 1)
})

test('gives code a value of its own, which outlives the batch', async () => {
  const raw = [field('raw', { kind: 'binary' })]
  const kept: Uint8Array[] = []
  const step = map((row) => {
    kept.push(row['raw'] as Uint8Array)
    return row
  })
  const batch = rowsToColumns([{ raw: Uint8Array.of(1, 2) }], raw, 1)
  await run([step], raw, [batch])
  const [column] = batch.columns
  if (column?.layout === 'variable') column.bytes.fill(9)
  assert.deepEqual([...kept[0]!], [1, 2])
})

test('treats names of the prototype as any other name', async () => {
  const odd = ['__proto__', 'constructor', 'toString'].map((name) => field(name, { kind: 'text' }))
  const row = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Row
  const { rows } = await run([map((given) => ({ ...given }))], odd, [rowsOf(row)])
  assert.equal(JSON.stringify(rows), '[{"__proto__":"a","constructor":"b","toString":"c"}]')
  const { rows: empty } = await run([map(() => ({}), { constructor: 'text' })], odd, [rowsOf(row)])
  assert.deepEqual(Object.values(empty[0]!), [null])
})

test('refuses to show rows with two columns of one name', async () => {
  await assert.rejects(createTransform([map((row) => row)], [people[0]!, people[0]!]), {
    code: 'column-duplicate',
  })
})

const schema = {
  type: 'object',
  properties: { id: { type: 'integer', minimum: 2 }, name: { type: ['string', 'null'], maxLength: 3 } },
  required: ['id'],
}
const validate = (onInvalid: 'fail' | 'skip', given: unknown = schema): TransformStep => ({
  kind: 'validate',
  schema: given,
  onInvalid,
  path,
})

test('fails at a row that does not match the schema, naming column and rule', async () => {
  await assert.rejects(run([validate('fail')], people, [rowsOf(bob), rowsOf(ada)]), {
    code: 'validation-failed',
    kind: 'record',
    message: 'Row 2 does not match its schema: column "id" must be >= 2',
  })
})

test('leaves out rows that do not match when asked, and tells how many and why', async () => {
  const named = (id: bigint, name: string | null): Row => ({ id, name })
  const { rows, rejected } = await run([validate('skip'), select('name')], people, [
    rowsOf(ada, bob, named(3n, 'Long name')),
    rowsOf(named(4n, null), named(5n, 'Eve')),
    rowsOf(ada),
  ])
  assert.deepEqual(rows, [{ name: 'Bob' }, { name: null }, { name: 'Eve' }])
  assert.deepEqual(rejected, [
    { row: 1, reason: 'column "id" must be >= 2' },
    { row: 3, reason: 'column "name" must NOT have more than 3 characters' },
    { row: 6, reason: 'column "id" must be >= 2' },
  ])
})

test('shows a row to the schema as JSON Lines does', async () => {
  const seen = {
    type: 'object',
    properties: {
      document: { type: ['object', 'array', 'string', 'null'] },
      price: { type: ['number', 'null'] },
      instant: { type: ['string', 'null'], pattern: '^\\d{4}-\\d\\d-\\d\\dT.*\\+00:00( BC)?$' },
      bytes: { type: ['string', 'null'], pattern: '^\\\\x' },
      double: { type: ['number', 'null'] },
    },
  }
  const { rows } = await run([validate('fail', seen)], allTypes, [rowsToColumns(hardRows, allTypes, 1)])
  assert.equal(rows.length, hardRows.length)
})

test('refuses a schema that is none', async () => {
  for (const wrong of [{ type: 'wrong' }, { minimun: 1 }, 7, null]) {
    await assert.rejects(createTransform([validate('fail', wrong)], people), {
      code: 'manifest-invalid',
      path: `${path}.schema`,
    })
  }
})

test('keeps any value of any row through rows and back', () => {
  const anyRow = fc.record({
    flag: fc.option(fc.boolean()),
    tiny: fc.option(fc.integer({ min: -128, max: 127 })),
    small: fc.option(fc.integer({ min: -32_768, max: 32_767 })),
    whole: fc.option(fc.integer()),
    wide: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    count: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    huge: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    single: fc.option(fc.float()),
    double: fc.option(fc.double()),
    words: fc.option(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed())),
    bytes: fc.option(fc.uint8Array()),
    document: fc.option(fc.json()),
  })
  const fields = allTypes.filter(({ name }) => !['price', 'exact', 'day', 'local', 'instant'].includes(name))
  fc.assert(
    fc.property(fc.array(anyRow), (rows) => {
      const batch = rowsToColumns(rows, fields, 1)
      const read = rowReader(fields, batch)
      assert.deepEqual(
        Array.from({ length: batch.rows }, (_, row) => read(row)),
        rows.map((row) => ({ ...row })),
      )
    }),
  )
})
