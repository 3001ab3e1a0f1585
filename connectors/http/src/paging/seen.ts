import { createHash } from 'node:crypto'
import { httpFault } from '../errors.ts'

/** Addresses and cursors that were used, by digest: a second time would never end. */
export class Seen {
  readonly #digests = new Set<string>()

  /** @throws BulkheadError `http-paging-loop` */
  add(value: string, message: string): void {
    // 96 bits: enough for ten million pages, and 100 bytes each in memory.
    const digest = createHash('sha256').update(value).digest('base64').slice(0, 16)
    if (this.#digests.has(digest)) throw httpFault('http-paging-loop', message, { path: 'query.paging' })
    this.#digests.add(digest)
  }
}
