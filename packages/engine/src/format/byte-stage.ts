/**
 * A place that bytes flow into: compression, encryption, the object. Stages are chained, and waiting
 * in `write` is the back-pressure (I8): each stage holds at most a few pieces of 256 KiB.
 */
export interface ByteStage {
  /** Takes all bytes. They may be used again by the caller when it resolves: a stage copies what it keeps. */
  write(bytes: Uint8Array): Promise<void>
  /** Hands on what is held back, and resolves when everything is in the last stage. */
  end(): Promise<void>
  /** Lets go of everything at once, after a failure. Never throws. */
  abort(): void
}

/** Where the bytes of a file go in the end: an object of a store. */
export interface ResultWriter<Finished> {
  /** Copies what it keeps; waits when too much is on its way. */
  write(bytes: Uint8Array): Promise<void>
  /** Makes the object visible, whole (I5). */
  finish(): Promise<Finished>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}

/** The last stage. `finish` is not its business: a file is finished when all stages have ended. */
export function writerStage(writer: Pick<ResultWriter<unknown>, 'write'>): ByteStage {
  return { write: (bytes) => writer.write(bytes), end: async () => {}, abort() {} }
}

/** Counts what passes. */
export function countingStage(next: ByteStage): ByteStage & { readonly bytes: number } {
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    async write(piece) {
      bytes += piece.length
      await next.write(piece)
    },
    end: () => next.end(),
    abort: () => next.abort(),
  }
}
