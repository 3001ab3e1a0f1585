import type { DiskFile } from './disk.ts'

/** Bytes after which the disk is told to begin. */
const FLUSH_BYTES = 32 * 1024 * 1024

/**
 * Sends a file to the disk while it is written, so that its end need not wait for all of it. The system
 * tells of a failed write to the disk once: it is kept until `settled`.
 */
export class FlushAhead {
  #unflushed = 0
  #flushing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  wrote(handle: Pick<DiskFile, 'datasync'>, bytes: number): void {
    this.#unflushed += bytes
    if (this.#unflushed < FLUSH_BYTES || this.#flushing !== undefined) return
    this.#unflushed = 0
    this.#flushing = handle
      .datasync()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#flushing = undefined
      })
  }

  async settled(): Promise<void> {
    await this.#flushing
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
