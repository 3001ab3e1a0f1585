import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { ColumnsBatch, Source } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { Binary, Decimal128, Double, Int32, Long, MongoClient, ObjectId, UUID } from 'mongodb'
import { settingsOf } from '../../connectors/mongodb/src/testing/connection.ts'
import { openSource, readLines, readRequest } from '../../connectors/mongodb/src/testing/open-source.ts'
import { createJsonlFormatter } from '../../packages/engine/src/format/jsonl.ts'
import { unlimited } from '../../packages/engine/src/format/row-formatter.ts'
import { createDatabase } from '../support/mongodb.ts'

/**
 * Columns as JSON Lines: what the connector writes by itself, from BSON to bytes, and what the engine
 * writes of the same columns are the same file, for values of every type.
 */

const { signal } = new AbortController()
const database = createDatabase({ after })

const numbers = fc.oneof(
  fc.integer().map((value) => new Int32(value)),
  fc.bigInt({ min: 1n - 2n ** 53n, max: 2n ** 53n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.double().map((value) => new Double(value)),
  // A short decimal lies exactly between two numbers there.
  fc.constantFrom(1e23, -2.545954739847317e16).map((value) => new Double(value)),
)
const document = fc.record(
  {
    text: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        new ObjectId('0123456789abcdef01234567'),
        new UUID('01234567-89ab-cdef-0123-456789abcdef'),
      ),
    ),
    integer: fc.oneof(
      fc.integer().map((value) => new Int32(value)),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
    ),
    float: numbers,
    decimal: fc.oneof(
      numbers,
      fc
        .constantFrom('1.10', '0E-6176', '-1E+6111', 'NaN', 'Infinity', '0.000001', '1E-7')
        .map((text) => Decimal128.fromString(text)),
    ),
    boolean: fc.boolean(),
    timestamp: fc.date({ noInvalidDate: true }),
    binary: fc.uint8Array({ maxLength: 30 }).map((bytes) => new Binary(bytes)),
    json: fc.oneof(
      numbers,
      fc.string(),
      fc.array(numbers),
      fc.dictionary(
        fc.string().filter((name) => !/[$.\0]/.test(name) && name !== '__proto__'),
        numbers,
      ),
    ),
  },
  { requiredKeys: [] },
)
const types = ['text', 'integer', 'float', 'decimal', 'boolean', 'timestamp', 'binary', 'json']

it('the forms of MongoDB agree on values of every type', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const client = await new MongoClient(database.uri).connect()
  t.after(() => client.close())
  await client
    .db(database.database)
    .collection('sample')
    .insertMany(
      fc.sample(document, { numRuns: 2000, seed }).map((value, index) => ({ ...value, _id: index as never })),
    )
  await using source = await openSource(settingsOf(database))
  const documents = { collection: 'sample', find: { sort: { _id: 1 } } }
  const columns = { ...documents, fields: types.map((type) => ({ path: type, type })), rest: 'rest "of" it' }
  for (const query of [documents, columns]) await assertSame(source, query)
})

async function assertSame(source: Source, query: object): Promise<void> {
  const fast = await readLines(source, readRequest(query))
  await using extract = await source.prepare(readRequest(query, { form: 'columns', batchRows: 300 }), signal)
  const formatter = createJsonlFormatter(extract.fields)
  const general: string[] = []
  for await (const batch of extract.read(signal)) {
    const columns = batch as ColumnsBatch
    for (let row = 0; row < columns.rows;) {
      const { bytes, next } = formatter.format(columns, row, unlimited)
      general.push(...Buffer.from(bytes).toString().split('\n').slice(0, -1))
      row = next
    }
  }
  assert.equal(fast.length, 2000)
  for (const [index, line] of fast.entries()) assert.equal(line, general[index])
}
