import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api'
import type { ColumnsBatch } from '@bulkhead/connector-sdk'
import { columnVector } from '../vectors/raw-vector.ts'
import { writerOf } from './column-of.ts'

/** Bounds of the batches, as the reader asked for them (I8). */
export interface Bounds {
  readonly maxRows: number | undefined
  readonly batchRows: number
  readonly batchBytes: number
}

/**
 * Turns DuckDB's chunks of up to 2048 rows into batches: small chunks are collected, large ones divided. The next
 * chunk is asked for only when the last is used up.
 * @param nextChunk  resolves to null at the end
 */
export async function* readColumns(
  columns: readonly { readonly name: string; readonly type: DuckDBType }[],
  bounds: Bounds,
  nextChunk: () => Promise<DuckDBDataChunk | null>,
): AsyncGenerator<ColumnsBatch> {
  const writers = columns.map(({ name, type }) => writerOf(name, type))
  let left = bounds.maxRows ?? Infinity
  let rows = 0
  let bytes = 0
  const take = (): ColumnsBatch => {
    const batch = { form: 'columns' as const, rows, columns: writers.map((writer) => writer.take()), bytes }
    rows = 0
    bytes = 0
    return batch
  }

  while (left > 0) {
    const chunk = await nextChunk()
    const count = Math.min(chunk?.rowCount ?? 0, left)
    if (chunk === null || count === 0) break
    for (const [index, writer] of writers.entries()) writer.load(columnVector(chunk.chunk, index), count)
    const sizes = new Float64Array(count)
    for (const writer of writers) writer.addSizes(sizes, count)
    for (let from = 0; from < count;) {
      let to = from
      while (to < count && rows < bounds.batchRows) {
        const size = sizes[to] ?? 0
        // A row that is larger than a batch may be goes alone.
        if (bytes + size > bounds.batchBytes && rows > 0) break
        bytes += size
        rows++
        to++
      }
      for (const writer of writers) writer.append(from, to)
      from = to
      const full = rows >= bounds.batchRows || bytes + (sizes[to] ?? 0) > bounds.batchBytes
      if (full) yield take()
    }
    left -= count
    // Its memory goes now, and not when JavaScript next collects garbage.
    chunk.reset()
  }
  if (rows > 0) yield take()
}
