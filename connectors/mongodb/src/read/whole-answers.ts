import type { RunCommandCursor } from 'mongodb'
import { type Answer, answerOf } from './answer.ts'

/**
 * The driver makes several objects of each document, also when it is asked for raw ones: that takes three
 * times as long as to write the document as JSON, and leaves garbage that doubles the memory. What it has
 * before is one piece of bytes, which its cursor does not show. Here the cursor is taught to keep it.
 *
 * This is not part of the driver's promise. Should a version work otherwise, its cursor stays as it is, and
 * its documents are read the public way; `whole-answers.server.test.ts` notices.
 */
export function keepAnswersWhole(cursor: RunCommandCursor): void {
  const inner = cursor as unknown as InnerCursor
  if (typeof inner.getMore !== 'function') return
  const getMore = inner.getMore.bind(cursor)
  inner.getMore = async () => {
    const response = await getMore()
    return isInnerResponse(response) ? new WholeAnswer(response) : response
  }
}

/** The answer that the cursor holds, which is then empty; undefined when it holds documents one by one. */
export function takeWholeAnswer(cursor: RunCommandCursor): Answer | undefined {
  const { documents } = cursor as unknown as InnerCursor
  return documents instanceof WholeAnswer ? documents.take() : undefined
}

/** What the cursor of the driver does inside. */
interface InnerCursor {
  /** Asks the server for the next documents. */
  getMore?: () => Promise<unknown>
  readonly documents?: unknown
}

/** What it gets. */
interface InnerResponse {
  readonly id: unknown
  readonly ns: unknown
  toBytes(): Uint8Array
}

function isInnerResponse(response: unknown): response is InnerResponse {
  return (
    typeof response === 'object' &&
    response !== null &&
    'id' in response &&
    'ns' in response &&
    'toBytes' in response &&
    typeof response.toBytes === 'function'
  )
}

/** Stands in the cursor for what it gets, with what it asks of it. */
class WholeAnswer {
  readonly id: unknown
  readonly ns: unknown
  #answer: Answer | undefined

  constructor(response: InnerResponse) {
    this.id = response.id
    this.ns = response.ns
    this.#answer = answerOf(response.toBytes())
  }

  /** Documents that are left. */
  get length(): number {
    return this.#answer?.starts.length ?? 0
  }

  clear(): void {
    this.#answer = undefined
  }

  take(): Answer | undefined {
    const answer = this.#answer
    this.clear()
    return answer
  }
}
