import type { Column, ColumnsBatch, ReadRequest } from '@bulkhead/connector-sdk'
import type { KafkaRecord } from './visible-records.ts'

/** Of a column, what its values are made of; null is null. */
export type ColumnReader =
  | { readonly kind: 'int32'; readonly valueOf: (record: KafkaRecord) => number }
  | { readonly kind: 'int64'; readonly valueOf: (record: KafkaRecord) => bigint | null }
  | {
      readonly kind: 'bytes'
      readonly valueOf: (record: KafkaRecord) => Uint8Array | null | Promise<Uint8Array | null>
    }

/** Records as batches of columns within the bounds of the request. */
export async function* columnsBatches(
  fetched: AsyncIterable<readonly KafkaRecord[]>,
  { batchRows, batchBytes, maxRows = Infinity }: Pick<ReadRequest, 'batchRows' | 'batchBytes' | 'maxRows'>,
  readers: readonly ColumnReader[],
): AsyncGenerator<ColumnsBatch> {
  if (maxRows === 0) return
  let rows: Cell[][] = []
  let bytes = 0
  let total = 0
  for await (const records of fetched) {
    for (const record of records) {
      const row: Cell[] = []
      let size = 0
      for (const reader of readers) {
        const made = reader.valueOf(record)
        const value = made instanceof Promise ? await made : made
        row.push(value)
        size +=
          reader.kind === 'bytes'
            ? 4 + ((value as Uint8Array | null)?.length ?? 0)
            : reader.kind === 'int32'
              ? 4
              : 8
      }
      if (rows.length > 0 && (rows.length >= batchRows || bytes + size > batchBytes)) {
        yield batchOf(rows, readers, bytes)
        rows = []
        bytes = 0
      }
      rows.push(row)
      bytes += size
      total += 1
      if (total >= maxRows) {
        yield batchOf(rows, readers, bytes)
        return
      }
    }
  }
  if (rows.length > 0) yield batchOf(rows, readers, bytes)
}

type Cell = number | bigint | Uint8Array | null

function batchOf(rows: readonly Cell[][], readers: readonly ColumnReader[], bytes: number): ColumnsBatch {
  return {
    form: 'columns',
    rows: rows.length,
    columns: readers.map((reader, index) => columnOf(rows, index, reader.kind)),
    bytes,
  }
}

function columnOf(rows: readonly Cell[][], index: number, kind: ColumnReader['kind']): Column {
  let validity: Uint8Array | undefined
  const note = (row: number): void => {
    validity ??= new Uint8Array((rows.length + 7) >> 3).fill(0xff)
    validity[row >> 3]! &= ~(1 << (row & 7))
  }
  if (kind === 'int32') {
    const values = Int32Array.from(rows, (row) => row[index] as number)
    return { layout: 'fixed', values, validity }
  }
  if (kind === 'int64') {
    const values = new BigInt64Array(rows.length)
    for (const [at, row] of rows.entries()) {
      const value = row[index] as bigint | null
      if (value === null) note(at)
      else values[at] = value
    }
    return { layout: 'fixed', values, validity }
  }
  const offsets = new Int32Array(rows.length + 1)
  for (const [at, row] of rows.entries())
    offsets[at + 1] = offsets[at]! + ((row[index] as Uint8Array | null)?.length ?? 0)
  const bytes = new Uint8Array(offsets[rows.length]!)
  for (const [at, row] of rows.entries()) {
    const value = row[index] as Uint8Array | null
    if (value === null) note(at)
    else bytes.set(value, offsets[at])
  }
  return { layout: 'variable', offsets, bytes, validity }
}
