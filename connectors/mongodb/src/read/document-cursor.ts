import type { Db, ReadPreference, RunCommandCursor } from 'mongodb'

/** Documents of the first answer, before anything is known of their size. */
export const firstDocuments = 100
const mostDocuments = 50_000

/** Raw documents of one command, an answer of the server at a time, each of about the same size in bytes (I8). */
export class DocumentCursor {
  readonly #cursor: RunCommandCursor
  readonly #answerBytes: number

  /** @param answerBytes  what one answer of the server should have; it sends at most 16 MiB, and whole documents */
  constructor(
    database: Db,
    command: Readonly<Record<string, unknown>>,
    readPreference: ReadPreference,
    answerBytes: number,
  ) {
    this.#cursor = database.runCursorCommand(command, { readPreference, raw: true })
    this.#cursor.setBatchSize(firstDocuments)
    this.#answerBytes = answerBytes
  }

  /** The documents of the next answer; undefined at the end. */
  async next(): Promise<readonly Uint8Array[] | undefined> {
    if (!(await this.#cursor.hasNext())) return undefined
    const documents: readonly Uint8Array[] = this.#cursor.readBufferedDocuments()
    this.#adapt(documents)
    return documents
  }

  /** Tells the server to forget the cursor, unless it is at its end. */
  async close(): Promise<void> {
    await this.#cursor.close()
  }

  #adapt(documents: readonly Uint8Array[]): void {
    let bytes = 0
    for (const document of documents) bytes += document.length
    const average = Math.max(1, bytes / documents.length)
    this.#cursor.setBatchSize(Math.max(1, Math.min(mostDocuments, Math.floor(this.#answerBytes / average))))
  }
}
