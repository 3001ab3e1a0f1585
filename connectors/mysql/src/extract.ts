import type { Batch, Extract, Log, ReadRequest } from '@bulkhead/connector-sdk'
import { BatchHandoff } from './encode/batch-handoff.ts'
import { ColumnsBatch } from './encode/columns-batch.ts'
import type { PreparedRead } from './prepare-read.ts'
import { queryError } from './query/query-error.ts'
import { checkWarnings } from './query/warnings.ts'
import type { Session } from './session/session.ts'

export interface ExtractOptions {
  readonly read: ReadRequest
  readonly queryTimeoutMs: number
  readonly log: Log
  /** Gives the session back, once, whatever became of it. */
  readonly release: () => void
}

/** A prepared read on a session of its own. */
export function createExtract(session: Session, prepared: PreparedRead, options: ExtractOptions): Extract {
  const { read, release } = options
  let state: 'prepared' | 'reading' | 'read' | 'released' = 'prepared'

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (state !== 'prepared') throw new TypeError('An extract is read once')
    signal.throwIfAborted()
    state = 'reading'
    const pair = [1, 2].map(() => new ColumnsBatch(prepared.columns, read.batchRows, read.batchBytes))
    const handoff = new BatchHandoff(pair, read.maxRows, () => session.resume())
    let stopping: Promise<void> | undefined
    const stop = (): void => {
      handoff.end(signal.reason)
      stopping ??= session.end()
    }
    signal.addEventListener('abort', stop, { once: true })
    void run(session, prepared, handoff, options)
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
    fields: prepared.columns.map(({ field }) => field),
    consistency: 'snapshot',
    read: batches,
    async [Symbol.asyncDispose]() {
      if (state === 'released') return
      const clean = state === 'read'
      state = 'released'
      if (!clean) await session.end()
      release()
    },
  }
}

/** Passes all rows to the handoff, ends the transaction, and then the handoff. */
async function run(
  session: Session,
  { result, statement }: PreparedRead,
  handoff: BatchHandoff,
  { queryTimeoutMs, log }: ExtractOptions,
): Promise<void> {
  try {
    if ((await result.receive(handoff)) > 0) await checkWarnings(session, log)
    session.closeStatement(statement)
    await session.run('COMMIT')
    handoff.end()
  } catch (error) {
    handoff.end(queryError(error, 'rows', queryTimeoutMs))
  }
}
