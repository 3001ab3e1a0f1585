import type { BytesBatch } from '@bulkhead/connector-sdk'
import { ByteBuffer } from '../byte-buffer.ts'
import type { Hits } from '../search/scan-page.ts'
import { type LineReader, Span } from './document-line.ts'

/** Bounds of a batch, and of the result. */
export interface Bounds {
  readonly batchRows: number
  readonly batchBytes: number
  readonly maxRows: number | undefined
}

const LINE_BREAK = 0x0a

/** JSON Lines of the hits, in batches (I8). */
export async function* readLines(
  pages: AsyncIterable<Hits>,
  lines: LineReader,
  { batchRows, batchBytes, maxRows = Infinity }: Bounds,
): AsyncGenerator<BytesBatch> {
  const out = new ByteBuffer(batchBytes)
  const line = new Span()
  let rows = 0
  let left = maxRows
  for await (const hits of pages) {
    for (let hit = 0; hit < hits.count && left > 0; hit++, left--) {
      lines.read(hits, hit, line)
      const length = line.end - line.start + 1
      if (rows > 0 && (rows === batchRows || out.length + length > batchBytes)) {
        yield { form: 'bytes', bytes: out.view(), rows }
        out.begin()
        rows = 0
      }
      out.reserve(length)
      line.bytes.copy(out.bytes, out.length, line.start, line.end)
      out.length += length
      out.bytes[out.length - 1] = LINE_BREAK
      rows++
    }
  }
  if (rows > 0) yield { form: 'bytes', bytes: out.view(), rows }
}
