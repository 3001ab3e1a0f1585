import type { Answer } from './answer.ts'
import type { DocumentCursor } from './document-cursor.ts'

/**
 * Answers of several cursors in turn, one of each ahead: all of them work at once, the order is the same
 * each time, and what is in memory is bounded (I8).
 */
export async function* rotate(cursors: readonly DocumentCursor[]): AsyncGenerator<Answer> {
  const open = cursors.map((cursor) => ({ cursor, answer: ahead(cursor) }))
  let turn = 0
  while (open.length > 0) {
    turn %= open.length
    const current = open[turn]!
    const answer = await current.answer
    if (answer === undefined) {
      open.splice(turn, 1)
      continue
    }
    current.answer = ahead(current.cursor)
    turn++
    yield answer
  }
}

/** Begins to wait; whoever takes the answer gets the error too. */
function ahead(cursor: DocumentCursor): Promise<Answer | undefined> {
  const answer = cursor.next()
  answer.catch(() => undefined)
  return answer
}
