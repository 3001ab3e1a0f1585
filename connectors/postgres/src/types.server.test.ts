import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import {
  type Column,
  type ColumnsBatch,
  type Field,
  INFINITE_DATE,
  INFINITE_TIMESTAMP,
  isValid,
  MINUS_INFINITE_DATE,
  MINUS_INFINITE_TIMESTAMP,
} from '@bulkhead/connector-sdk'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { never, openConnection, readBatches, readBytes, readRequest } from './testing/open-connection.ts'
import { psqlCsv } from './testing/psql.ts'
import { sampleQuery, sampleTypes, typeSamples } from './testing/type-samples.ts'

const database = await createDatabase({ after })
await execute(database, sampleTypes)
for (const [index, sample] of typeSamples.entries())
  await execute(database, `CREATE VIEW sample_${index} AS ${sampleQuery(sample)}`)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())
const fromPsql = await psqlCsv(
  database.url,
  typeSamples.map((_, index) => queryOf(index)),
)

describe('values of every type', () => {
  for (const [index, sample] of typeSamples.entries()) {
    const query = queryOf(index)

    it(`writes ${sample.type} as CSV as psql does, byte for byte`, async () => {
      const csv = await readBytes(source, readRequest(query))
      assert.equal(csv.toString(), fromPsql[index]?.toString())
    })

    it(`writes ${sample.type} as JSON as row_to_json does, one line a row`, async () => {
      const lines = (await readBytes(source, readRequest(query, { format: 'jsonl' }))).toString()
      const rows = await execute(
        database,
        `SET TimeZone = 'UTC'; SELECT row_to_json(t)::text AS json FROM (${query}) t`,
      )
      // A line break in JSON text can only stand between its tokens, where a blank means the same.
      const expected = rows.map(({ json }) => `${String(json).replaceAll(/[\r\n]/g, ' ')}\n`).join('')
      assert.equal(lines, expected)
      for (const line of lines.trimEnd().split('\n')) JSON.parse(line)
    })

    for (const format of ['csv', 'parquet'] as const)
      it(`reads ${sample.type} as columns for ${format} with the exact value`, async () => {
        await using extract = await source.prepare(
          readRequest(query, { form: 'columns', format, batchBytes: 16 * 1024 * 1024 }),
          never,
        )
        const [field] = extract.fields
        assert.ok(field)
        const expected = await expectedValues(query, field)
        let rows = 0
        for await (const batch of extract.read(never)) {
          const {
            columns: [column],
            rows: more,
          } = batch as ColumnsBatch
          assert.ok(column)
          assertColumn(field, column, expected.slice(rows, rows + more))
          rows += more
        }
        assert.equal(rows, expected.length)
      })
  }

  it('reads all types at once, in rows of many columns', async () => {
    const columns = typeSamples.map(
      ({ type, values }, index) => `(${values[0]})::${type} AS c${index}, NULL::${type} AS n${index}`,
    )
    await execute(database, `CREATE VIEW wide AS SELECT ${columns.join(', ')} FROM generate_series(1, 300)`)
    const query = 'SELECT * FROM wide'
    const [expected] = await psqlCsv(database.url, [query])
    assert.ok((await readBytes(source, readRequest(query))).equals(expected ?? Buffer.alloc(0)))
    const rows = await execute(
      database,
      `SET TimeZone = 'UTC'; SELECT row_to_json(t)::text AS json FROM (${query}) t LIMIT 1`,
    )
    const lines = (await readBytes(source, readRequest(query, { format: 'jsonl' }))).toString().split('\n')
    assert.equal(lines.length, 301)
    assert.equal(lines[299], String(rows[0]?.['json']).replaceAll(/[\r\n]/g, ' '))
    let count = 0
    await readBatches(source, readRequest(query, { form: 'columns', format: 'parquet' }), (batch) => {
      count += (batch as ColumnsBatch).rows
    })
    assert.equal(count, 300)
  })
})

/** Through a view, because psql takes the query of \\copy apart and together again. */
function queryOf(index: number): string {
  return `SELECT value FROM sample_${index}`
}

interface Expected {
  readonly isNull: boolean
  /** By the output function of the type. */
  readonly text: string
  readonly json: string
  /** Seconds since 1970 of dates and timestamps, exact. */
  readonly epoch: string
}

async function expectedValues(query: string, { type }: Field): Promise<readonly Expected[]> {
  const isMoment = type.kind === 'date' || type.kind === 'timestamp'
  const rows = await execute(
    database,
    `SET TimeZone = 'UTC';
     SELECT value IS NOT DISTINCT FROM NULL AS is_null, format('%s', value) AS text, to_json(value)::text AS json,
            ${isMoment ? 'extract(epoch FROM value)::text' : `''`} AS epoch
     FROM (${query}) t`,
  )
  return rows.map((row) => ({
    isNull: row['is_null'] === true,
    text: String(row['text']),
    json: String(row['json']),
    epoch: String(row['epoch']),
  }))
}

/** The only column against what the server says of its values. */
function assertColumn({ type }: Field, column: Column, expected: readonly Expected[]): void {
  for (const [row, { isNull, text, json, epoch }] of expected.entries()) {
    assert.equal(isValid(column, row), !isNull, `row ${row}`)
    if (isNull) continue
    if (column.layout === 'variable') {
      const bytes = Buffer.from(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]))
      assert.equal(
        type.kind === 'binary' ? `\\x${bytes.toString('hex')}` : bytes.toString(),
        type.kind === 'json' ? json : text,
      )
      continue
    }
    const value = column.values[row]
    assert.ok(value !== undefined)
    if (type.kind === 'boolean') assert.equal(value === 1 ? 't' : 'f', text)
    else if (type.kind === 'integer') assert.equal(String(value), text)
    else if (type.kind === 'float')
      assert.ok(
        Object.is(value, type.bits === 32 ? Math.fround(Number(text)) : Number(text)),
        `${value} is not ${text}`,
      )
    else if (value === INFINITE_DATE || value === INFINITE_TIMESTAMP) assert.equal(epoch, 'Infinity')
    else if (value === MINUS_INFINITE_DATE || value === MINUS_INFINITE_TIMESTAMP)
      assert.equal(epoch, '-Infinity')
    else if (typeof value === 'number')
      assert.equal(BigInt(value) * 86_400n, BigInt(epoch.replace(/\.0*$/, '')))
    else assert.equal(value, BigInt(epoch.replace('.', '')))
  }
}
