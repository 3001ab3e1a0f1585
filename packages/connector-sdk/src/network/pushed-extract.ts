import type { Batch, Extract, Field } from '@bulkhead/connector-sdk'
import { type BatchBuilder, BatchHandoff } from './batch-handoff.ts'

/** A session of a protocol whose server sends rows until it is told to wait. */
export interface PushingSession {
  /** Whether it can be used again. */
  readonly usable: boolean
  /** Goes on after there was no room for a row. */
  resume(): void
  /** Ends what is under way in the server, and the session. */
  end(): Promise<void>
}

export interface PushedRead {
  readonly fields: readonly Field[]
  readonly consistency: Extract['consistency']
  /** Called twice at each reading. */
  readonly createBuilder: () => BatchBuilder
  /** After so many the result is over, whatever comes; undefined: all that come. */
  readonly maxRows: number | undefined
  /**
   * Begins, and passes every row to `rows.row`.
   * @throws what the reader is told
   */
  readonly push: (rows: BatchHandoff) => Promise<void>
  /** Gives the session back, once, whatever became of it. */
  readonly release: () => void
}

/** The rows that a session pushes, as an extract. When it is stopped or left early, the session ends with it. */
export function pushedExtract(session: PushingSession, read: PushedRead): Extract {
  let state: 'prepared' | 'reading' | 'read' | 'released' = 'prepared'

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (state !== 'prepared') throw new TypeError('An extract is read once')
    signal.throwIfAborted()
    state = 'reading'
    const handoff = new BatchHandoff(read.createBuilder, () => session.resume(), read.maxRows)
    let stopping: Promise<void> | undefined
    const stop = (): void => {
      handoff.end(signal.reason)
      stopping ??= session.end()
    }
    signal.addEventListener('abort', stop, { once: true })
    read.push(handoff).then(
      () => handoff.end(),
      (error: unknown) => handoff.end(error),
    )
    try {
      for (;;) {
        const batch = await handoff.take()
        if (batch === undefined) break
        yield batch
      }
      // Not so when the query has more rows than were asked for.
      if (session.usable) state = 'read'
    } finally {
      signal.removeEventListener('abort', stop)
      // A consumer that leaves early must not leave a query behind.
      if (state !== 'read') await (stopping ?? session.end())
    }
  }

  return {
    fields: read.fields,
    consistency: read.consistency,
    read: batches,
    async [Symbol.asyncDispose]() {
      if (state === 'released') return
      const clean = state === 'read'
      state = 'released'
      if (!clean) await session.end()
      read.release()
    },
  }
}
