import type { types } from 'cassandra-driver'
import type { ReadRequest, Row, RowsBatch } from '@bulkhead/connector-sdk'
import type { SizedRow } from './row-reader.ts'

/** Pages as batches within the bounds of the request. */
export async function* rowsBatches(
  pages: AsyncIterable<readonly types.Row[]>,
  { batchRows, batchBytes, maxRows = Infinity }: Pick<ReadRequest, 'batchRows' | 'batchBytes' | 'maxRows'>,
  readRow: (row: types.Row) => SizedRow,
  learn: (rows: number, bytes: number) => void,
): AsyncGenerator<RowsBatch> {
  let batch: Row[] = []
  let batched = 0
  let total = 0
  if (maxRows === 0) return
  for await (const page of pages) {
    let bytesOfPage = 0
    for (const each of page) {
      const { row, bytes } = readRow(each)
      bytesOfPage += bytes
      if (batch.length > 0 && (batch.length >= batchRows || batched + bytes > batchBytes)) {
        yield { form: 'rows', rows: batch }
        batch = []
        batched = 0
      }
      batch.push(row)
      batched += bytes
      total += 1
      if (total >= maxRows) {
        yield { form: 'rows', rows: batch }
        return
      }
    }
    learn(page.length, bytesOfPage)
  }
  if (batch.length > 0) yield { form: 'rows', rows: batch }
}
