import { setTimeout as sleep } from 'node:timers/promises'
import type { Db, ReadPreference, RunCommandCursor } from 'mongodb'
import { type Answer, joinDocuments } from './answer.ts'
import { keepAnswersWhole, takeWholeAnswer } from './whole-answers.ts'

/** Documents of the first answer, before anything is known of their size. */
export const firstDocuments = 100
const mostDocuments = 50_000
/** A server that answers later than this is at work, and is interrupted. */
const answeringMs = 300

/** Raw documents of one command, an answer of the server at a time, each of about the same size in bytes (I8). */
export class DocumentCursor {
  readonly #cursor: RunCommandCursor
  readonly #answerBytes: number
  /** Settles when the server has answered. */
  #answering: Promise<unknown> = Promise.resolve()

  /** @param answerBytes  what one answer of the server should have; it sends at most 16 MiB, and whole documents */
  constructor(
    database: Db,
    command: Readonly<Record<string, unknown>>,
    readPreference: ReadPreference,
    answerBytes: number,
  ) {
    this.#cursor = database.runCursorCommand(command, { readPreference, raw: true })
    this.#cursor.setBatchSize(firstDocuments)
    keepAnswersWhole(this.#cursor)
    this.#answerBytes = answerBytes
  }

  /** The documents of the next answer; undefined at the end. */
  async next(): Promise<Answer | undefined> {
    const asked = this.#cursor.hasNext()
    this.#answering = asked.catch(() => undefined)
    if (!(await asked)) return undefined
    const answer =
      takeWholeAnswer(this.#cursor) ??
      joinDocuments(this.#cursor.readBufferedDocuments() as readonly Uint8Array[])
    const average = Math.max(1, answer.bytes.length / answer.starts.length)
    this.#cursor.setBatchSize(Math.max(1, Math.min(mostDocuments, Math.floor(this.#answerBytes / average))))
    return answer
  }

  /**
   * Tells the server to forget the cursor, unless it is at its end. An answer that is about to come is
   * waited for: one that came while the driver says so would end the session, and with it what it says.
   */
  async close(): Promise<void> {
    await Promise.race([this.#answering, sleep(answeringMs, undefined, { ref: false })])
    await this.#cursor.close()
  }
}
