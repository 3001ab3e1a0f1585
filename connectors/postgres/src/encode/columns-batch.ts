import type { ColumnsBatch as Columns } from '@bulkhead/connector-sdk'
import type { BatchBuilder } from '@bulkhead/connector-sdk/network'
import { postgresError } from '../errors.ts'
import type { Encoding } from '../query/server-type.ts'
import { columnDecoder, type ColumnDecoder } from './column-decoder.ts'

/**
 * Rows of binary COPY as columns.
 *
 * The stream begins with a header of 19 bytes or more, in the message of the first row, and ends with
 * a row of -1 columns. A row is the number of its columns, then length and bytes of each.
 * @see https://www.postgresql.org/docs/current/sql-copy.html, section "Binary Format"
 */
export class ColumnsBatch implements BatchBuilder {
  rows = 0
  readonly #createDecoders: () => readonly ColumnDecoder[]
  #decoders: readonly ColumnDecoder[]
  readonly #stream: BinaryStream
  readonly #maxRows: number
  readonly #maxBytes: number
  #bytes = 0

  /** @param stream  shared by the batches of a COPY, which begins once */
  constructor(
    columns: readonly { readonly name: string; readonly encoding: Encoding }[],
    stream: BinaryStream,
    maxRows: number,
    maxBytes: number,
  ) {
    this.#createDecoders = () => columns.map(({ name, encoding }) => columnDecoder(encoding, name, maxBytes))
    this.#decoders = this.#createDecoders()
    this.#stream = stream
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
  }

  add(bytes: Buffer, start: number, end: number): boolean {
    // A value may be longer here than in its binary form, such as numeric.
    if (this.rows > 0 && (this.#bytes + 2 * (end - start) > this.#maxBytes || this.rows >= this.#maxRows))
      return false
    let at = start
    if (!this.#stream.begun) {
      at = afterHeader(bytes, at, end)
      this.#stream.begun = true
    }
    if (at === end) return true
    const count = bytes.readInt16BE(at)
    if (count === -1) {
      this.#stream.ended = true
      return true
    }
    if (count !== this.#decoders.length || this.#stream.ended) throw malformed()
    at += 2
    const row = this.rows
    for (const decoder of this.#decoders) {
      const length = bytes.readInt32BE(at)
      at += 4
      if (at + Math.max(0, length) > end) throw malformed()
      this.#bytes += decoder.add(row, bytes, at, length)
      if (length > 0) at += length
    }
    if (at !== end) throw malformed()
    this.rows += 1
    return true
  }

  build(): Columns {
    const { rows } = this
    return {
      form: 'columns',
      rows,
      columns: this.#decoders.map((each) => each.build(rows)),
      bytes: this.#bytes,
    }
  }

  reset(): void {
    this.rows = 0
    this.#bytes = 0
    for (const decoder of this.#decoders) decoder.reset()
    // Each column keeps what it needed at most. When one after the other needed much, that is too much
    // in sum (I8): begin again with small ones.
    const kept = this.#decoders.reduce((sum, { capacity }) => sum + capacity, 0)
    if (kept > keptBatches * this.#maxBytes + smallest * this.#decoders.length)
      this.#decoders = this.#createDecoders()
  }
}

/** What the buffers of a batch may keep from one to the next, in batches, and beside it for each column. */
const keptBatches = 4
const smallest = 16 * 1024

/** Where a binary COPY is. */
export interface BinaryStream {
  begun: boolean
  ended: boolean
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

function afterHeader(bytes: Buffer, start: number, end: number): number {
  const flags = start + signature.length
  if (end < flags + 8 || bytes.compare(signature, 0, signature.length, start, flags) !== 0) throw malformed()
  return flags + 8 + bytes.readUInt32BE(flags + 4)
}

function malformed(): Error {
  return postgresError('postgres-protocol', 'A row of the server does not have the columns that it described')
}
