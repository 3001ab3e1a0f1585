import type { BytesBatch } from '@bulkhead/connector-sdk'
import type { BatchBuilder } from '@bulkhead/connector-sdk/network'
import { ByteBuffer, firstBytes } from './byte-buffer.ts'
import type { JsonlRow } from './jsonl-row.ts'

/** Rows of COPY text as JSON Lines. */
export class JsonlBatch implements BatchBuilder {
  rows = 0
  readonly #out: ByteBuffer
  readonly #row: JsonlRow
  readonly #maxRows: number
  readonly #maxBytes: number

  constructor(row: JsonlRow, maxRows: number, maxBytes: number) {
    this.#row = row
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
    this.#out = new ByteBuffer(maxBytes, firstBytes)
  }

  add(bytes: Buffer, start: number, end: number): boolean {
    const out = this.#out
    const bound = this.#row.bound(bytes, start, end)
    if (this.rows > 0 && (out.length + bound > this.#maxBytes || this.rows >= this.#maxRows)) return false
    if (out.length + bound > out.bytes.length) out.reserve(bound)
    out.length = this.#row.write(bytes, start, end, out.bytes, out.length)
    this.rows += 1
    return true
  }

  build(): BytesBatch {
    return { form: 'bytes', bytes: this.#out.bytes.subarray(0, this.#out.length), rows: this.rows }
  }

  reset(): void {
    this.rows = 0
    this.#out.reset()
  }
}
