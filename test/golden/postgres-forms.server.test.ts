import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type ColumnsBatch, type CsvOptions, defaultCsv, type Source } from '@bulkhead/connector-sdk'
import {
  never,
  openConnection,
  readBytes,
  readRequest,
} from '../../connectors/postgres/src/testing/open-connection.ts'
import { sampleQuery, sampleTypes, typeSamples } from '../../connectors/postgres/src/testing/type-samples.ts'
import { createCsvFormatter } from '../../packages/engine/src/format/csv.ts'
import { createJsonlFormatter } from '../../packages/engine/src/format/jsonl.ts'
import { unlimited } from '../../packages/engine/src/format/row-formatter.ts'
import { createDatabase, execute } from '../support/postgres.ts'

/**
 * The fast way, in which PostgreSQL's bytes go to the file, and the general way, in which the engine
 * writes the file from columns, give the same file: over all types, time zones and options of CSV.
 */

const database = await createDatabase({ after })
await execute(database, sampleTypes)

const csvVariants: readonly Partial<CsvOptions>[] = [
  {},
  { delimiter: ';', nullText: 'NULL' },
  { delimiter: '\t', quote: 'all' },
  { nullText: '\\N' },
]

for (const timeZone of ['UTC', 'Asia/Kathmandu'])
  describe(`the forms of PostgreSQL in ${timeZone}`, () => {
    const opened = openConnection(database, { config: { timeZone } })
    after(async () => (await opened)[Symbol.asyncDispose]())

    for (const sample of typeSamples) {
      const query = sampleQuery(sample)
      it(`agree on ${sample.type} as CSV`, async () => {
        for (const csv of csvVariants) {
          const fast = await readBytes(await opened, readRequest(query, { csv }))
          const general = await writtenByEngine(await opened, query, 'csv', {
            ...defaultCsv,
            ...csv,
            header: false,
          })
          assert.equal(general, fast.toString(), JSON.stringify(csv))
        }
      })
      it(`agree on ${sample.type} as JSON Lines`, async () => {
        const fast = await readBytes(await opened, readRequest(query, { format: 'jsonl' }))
        assert.equal(await writtenByEngine(await opened, query, 'jsonl', defaultCsv), fast.toString())
      })
    }
  })

async function writtenByEngine(
  source: Source,
  query: string,
  format: 'csv' | 'jsonl',
  csv: CsvOptions,
): Promise<string> {
  await using extract = await source.prepare(readRequest(query, { format, csv, form: 'columns' }), never)
  const formatter =
    format === 'csv' ? createCsvFormatter(extract.fields, csv) : createJsonlFormatter(extract.fields)
  let text = ''
  for await (const batch of extract.read(never)) {
    const columns = batch as ColumnsBatch
    for (let row = 0; row < columns.rows;) {
      const { bytes, next } = formatter.format(columns, row, unlimited)
      assert.ok(next > row)
      text += Buffer.from(bytes).toString()
      row = next
    }
  }
  return text
}
