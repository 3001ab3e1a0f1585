import type { BytesBatch } from '@bulkhead/connector-sdk'
import type { BatchBounds, BatchBuilder } from './batch-builder.ts'
import { ByteBuffer } from './byte-buffer.ts'

/** Appends a document as a line, without its end. */
export type WriteLine = (out: ByteBuffer, bytes: Uint8Array, at: number) => void

/** JSON Lines: one line a document. */
export class JsonlBatches implements BatchBuilder {
  readonly #write: WriteLine
  readonly #bounds: BatchBounds
  readonly #out: ByteBuffer
  #rows = 0

  constructor(write: WriteLine, bounds: BatchBounds) {
    this.#write = write
    this.#bounds = bounds
    this.#out = new ByteBuffer(Math.min(bounds.bytes, 64 * 1024), bounds.bytes + 64 * 1024)
  }

  get rows(): number {
    return this.#rows
  }

  add(bytes: Uint8Array, at: number): BytesBatch | undefined {
    this.#out.recycle()
    const before = this.#out.length
    this.#write(this.#out, bytes, at)
    this.#out.byte(0x0a)
    this.#rows++
    if (this.#rows > 1 && this.#out.length > this.#bounds.bytes) return this.#take(this.#rows - 1, before)
    return this.#rows >= this.#bounds.rows ? this.#take(this.#rows, this.#out.length) : undefined
  }

  finish(): BytesBatch | undefined {
    this.#out.recycle()
    return this.#rows === 0 ? undefined : this.#take(this.#rows, this.#out.length)
  }

  #take(rows: number, end: number): BytesBatch {
    this.#rows -= rows
    return { form: 'bytes', bytes: this.#out.take(end), rows }
  }
}
