import type { ColumnsBatch } from '@bulkhead/connector-sdk'
import type { Hits } from '../search/scan-page.ts'
import type { Bounds } from './read-lines.ts'
import type { RowReader } from './row-reader.ts'

/** Columns of the hits, in batches (I8). */
export async function* readColumns(
  pages: AsyncIterable<Hits>,
  reader: RowReader,
  { batchRows, batchBytes, maxRows = Infinity }: Bounds,
): AsyncGenerator<ColumnsBatch> {
  let rows = 0
  let bytes = 0
  let left = maxRows
  for await (const hits of pages) {
    for (let hit = 0; hit < hits.count && left > 0; hit++, left--) {
      const size = reader.begin(hits, hit)
      if (rows > 0 && (rows === batchRows || bytes + size > batchBytes)) {
        yield reader.build(rows, bytes)
        reader.reset()
        rows = 0
        bytes = 0
      }
      reader.add(hits, hit, rows)
      rows++
      bytes += size
    }
  }
  if (rows > 0) yield reader.build(rows, bytes)
}
