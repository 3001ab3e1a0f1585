import type { ResultWriter } from '../byte-stage.ts'

/** An object in memory, which copies what it takes as the real one does. */
export interface MemoryWriter extends ResultWriter<Buffer> {
  readonly state: 'open' | 'finished' | 'aborted'
  /** Everything written so far. */
  content(): Buffer
  /** Longest piece that came at once, in bytes. */
  readonly longestPiece: number
}

/** @param onWrite  called with the bytes of each piece, before they are taken; may wait or throw */
export function memoryWriter(onWrite: (bytes: number) => Promise<void> = async () => {}): MemoryWriter {
  const pieces: Buffer[] = []
  let state: MemoryWriter['state'] = 'open'
  let longestPiece = 0
  return {
    get state() {
      return state
    },
    get longestPiece() {
      return longestPiece
    },
    content: () => Buffer.concat(pieces),
    async write(bytes) {
      await onWrite(bytes.length)
      longestPiece = Math.max(longestPiece, bytes.length)
      pieces.push(Buffer.from(new Uint8Array(bytes)))
    },
    async finish() {
      state = 'finished'
      return Buffer.concat(pieces)
    },
    async abort() {
      state = 'aborted'
    },
  }
}
