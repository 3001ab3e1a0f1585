import { ByteBuffer } from '../byte-buffer.ts'
import type { ColumnSet } from '../columns/column-set.ts'
import type { Hits } from '../search/scan-page.ts'
import type { LineReader, Span } from './document-line.ts'
import type { RowReader } from './row-reader.ts'

/** Usual size of a line; larger ones borrow memory. */
const USUAL = 256 * 1024

const NULL = Buffer.from('null')

/** Lines of the columns that a query lists, with every value as it was stored. */
export class ProjectedLineReader implements LineReader {
  readonly #rows: RowReader
  readonly #keys: readonly Buffer[]
  readonly #out = new ByteBuffer(USUAL)

  constructor(rows: RowReader, { columns }: ColumnSet) {
    this.#rows = rows
    this.#keys = columns.map(({ field }, place) =>
      Buffer.from(`${place === 0 ? '{' : ','}${JSON.stringify(field.name)}:`),
    )
  }

  read(hits: Hits, hit: number, into: Span): void {
    this.#rows.begin(hits, hit)
    const out = this.#out
    out.begin()
    for (const [place, key] of this.#keys.entries()) {
      out.add(key)
      const { bytes, start, end } = this.#rows.value(hits, hit, place)
      if (start === end) out.add(NULL)
      else out.add(bytes, start, end)
    }
    out.addByte(0x7d)
    into.set(out.bytes, 0, out.length)
  }
}
