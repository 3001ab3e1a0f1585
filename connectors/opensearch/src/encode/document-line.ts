import { ByteBuffer } from '../byte-buffer.ts'
import { documentTooLarge, opensearchError } from '../errors.ts'
import { type Hits, type MetadataName, metadataNames } from '../search/scan-page.ts'
import type { DocumentFilter } from './filter-document.ts'
import { tidyDocument } from './tidy-document.ts'

/** Usual size of a document; larger ones borrow memory. */
const USUAL = 256 * 1024

/** Where a line, or a document, lies: in the page when it is as it was stored, else in memory of its own. */
export class Span {
  bytes: Buffer = Buffer.alloc(0)
  start = 0
  end = 0

  set(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
  }
}

/** Takes the document out of a hit: as it was stored, in one line, without what the query leaves out. */
export class DocumentReader {
  readonly #filter: DocumentFilter | undefined
  readonly #mostBytes: number
  readonly #tidied = new ByteBuffer(USUAL)
  readonly #filtered = new ByteBuffer(USUAL)

  /** @param mostBytes  that a document may have */
  constructor(filter: DocumentFilter | undefined, mostBytes: number) {
    this.#filter = filter
    this.#mostBytes = mostBytes
  }

  /** @throws BulkheadError `opensearch-source-missing`, `opensearch-document-too-large` */
  read(hits: Hits, hit: number, into: Span): void {
    const start = hits.sourceStart(hit)
    const end = hits.sourceEnd(hit)
    if (start === end)
      throw opensearchError('opensearch-source-missing', 'A document comes without its content', {
        path: 'query.index',
      })
    if (end - start > this.#mostBytes) throw documentTooLarge(this.#mostBytes)
    into.set(hits.bytes, start, end)
    if (hits.isUntidy(hit)) {
      this.#tidied.begin()
      tidyDocument(hits.bytes, start, end, this.#tidied)
      into.set(this.#tidied.bytes, 0, this.#tidied.length)
    }
    if (this.#filter === undefined) return
    this.#filtered.begin()
    this.#filter.apply(into.bytes, into.start, this.#filtered)
    into.set(this.#filtered.bytes, 0, this.#filtered.length)
  }
}

export interface LineReader {
  /** The line of a hit, without line break. */
  read(hits: Hits, hit: number, into: Span): void
}

const NULL = Buffer.from('null')

/** Lines `{"_id":…,"_source":{…}}`. */
export class MetadataLineReader implements LineReader {
  readonly #documents: DocumentReader
  readonly #parts: readonly { readonly key: Buffer; readonly which: number }[]
  readonly #sourceKey: Buffer
  readonly #out = new ByteBuffer(USUAL)

  constructor(documents: DocumentReader, names: readonly MetadataName[]) {
    this.#documents = documents
    this.#parts = names.map((name, place) => ({
      key: Buffer.from(`${place === 0 ? '{' : ','}"${name}":`),
      which: metadataNames.indexOf(name),
    }))
    this.#sourceKey = Buffer.from(',"_source":')
  }

  read(hits: Hits, hit: number, into: Span): void {
    this.#documents.read(hits, hit, into)
    const out = this.#out
    out.begin()
    for (const { key, which } of this.#parts) {
      out.add(key)
      const start = hits.metadataStart(hit, which)
      const end = hits.metadataEnd(hit, which)
      if (start === end) out.add(NULL)
      else out.add(hits.bytes, start, end)
    }
    out.add(this.#sourceKey)
    out.add(into.bytes, into.start, into.end)
    out.addByte(0x7d)
    into.set(out.bytes, 0, out.length)
  }
}
