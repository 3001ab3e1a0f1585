import type { ReadRequest, Row, RowsBatch, Value } from '@bulkhead/connector-sdk'
import { athenaError } from '../errors.ts'
import type { Column } from './column.ts'
import type { TextRecord } from './csv-records.ts'

/** Records as batches within the bounds of the request (I8). */
export async function* rowsBatches(
  pages: AsyncIterable<readonly TextRecord[]>,
  columns: readonly Column[],
  { batchRows, batchBytes, maxRows = Infinity }: Pick<ReadRequest, 'batchRows' | 'batchBytes' | 'maxRows'>,
): AsyncGenerator<RowsBatch> {
  let batch: Row[] = []
  let batched = 0
  let total = 0
  if (maxRows === 0) return
  for await (const page of pages) {
    for (const record of page) {
      const { row, bytes } = readRow(record, columns)
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
  }
  if (batch.length > 0) yield { form: 'rows', rows: batch }
}

function readRow(
  record: TextRecord,
  columns: readonly Column[],
): { readonly row: Row; readonly bytes: number } {
  if (record.length > columns.length)
    throw athenaError('athena-protocol', 'A record of the result has more values than there are columns')
  const row: Row = {}
  let bytes = 0
  columns.forEach(({ field: { name }, valueOf }, index) => {
    const text = record[index]
    if (text === undefined)
      throw athenaError('athena-protocol', 'A record of the result has fewer values than there are columns')
    const value = valueOf(text)
    // assigning to this name would set the prototype
    if (name === '__proto__')
      Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true })
    else row[name] = value
    bytes += sizeOf(value)
  })
  return { row, bytes }
}

function sizeOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 8
}
