import type { BytesBatch } from '@bulkhead/connector-sdk'
import type { BatchBuilder } from '@bulkhead/connector-sdk/network'
import { postgresError } from '../errors.ts'
import { ByteBuffer, firstBytes } from './byte-buffer.ts'

const lineFeed = 0x0a

/** Rows that are the output already: the CSV that the server writes, one row a message. */
export class CsvBatch implements BatchBuilder {
  rows = 0
  readonly #out: ByteBuffer
  readonly #maxRows: number
  readonly #maxBytes: number

  constructor(maxRows: number, maxBytes: number) {
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
    this.#out = new ByteBuffer(maxBytes, firstBytes)
  }

  add(bytes: Buffer, start: number, end: number): boolean {
    // Rows are counted by messages: a server that cuts them otherwise must not go unnoticed.
    if (bytes[end - 1] !== lineFeed)
      throw postgresError('postgres-protocol', 'The server sends rows of CSV in pieces')
    const out = this.#out
    const length = end - start
    if (this.rows > 0 && (out.length + length > this.#maxBytes || this.rows >= this.#maxRows)) return false
    if (out.length + length > out.bytes.length) out.reserve(length)
    bytes.copy(out.bytes, out.length, start, end)
    out.length += length
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
