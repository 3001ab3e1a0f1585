import type { Batch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { type BatchBuilder, BatchHandoff } from './encode/batch-handoff.ts'
import { ColumnsBatch } from './encode/columns-batch.ts'
import { CsvBatch } from './encode/csv-batch.ts'
import { JsonlBatch } from './encode/jsonl-batch.ts'
import { JsonlRow } from './encode/jsonl-row.ts'
import { postgresError } from './errors.ts'
import type { PreparedRead } from './prepare-read.ts'
import { queryError } from './query/query-error.ts'
import type { Session } from './session/session.ts'

/**
 * A prepared read on a session of its own.
 * @param release  gives the session back, once, whatever became of it
 */
export function createExtract(
  session: Session,
  { columns, copy }: PreparedRead,
  read: ReadRequest,
  queryTimeoutMs: number,
  release: () => void,
): Extract {
  const fields = columns.map(({ field }) => field)
  let state: 'prepared' | 'reading' | 'read' | 'released' = 'prepared'

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (state !== 'prepared') throw new TypeError('An extract is read once')
    signal.throwIfAborted()
    state = 'reading'
    const handoff = new BatchHandoff(builders(columns, read), () => session.resume())
    let stopping: Promise<void> | undefined
    const stop = (): void => {
      handoff.end(signal.reason)
      stopping ??= session.end()
    }
    signal.addEventListener('abort', stop, { once: true })
    void run(session, copy, handoff, queryTimeoutMs)
    try {
      for (;;) {
        const batch = await handoff.take()
        if (batch === undefined) break
        yield batch
      }
      state = 'read'
    } finally {
      signal.removeEventListener('abort', stop)
      // A consumer that leaves early must not leave a query behind.
      if (state !== 'read') await (stopping ?? session.end())
    }
  }

  return {
    fields,
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

/** Copies all rows into the handoff and ends it. The commit travels with the COPY, it costs no round trip. */
async function run(
  session: Session,
  copy: string,
  handoff: BatchHandoff,
  queryTimeoutMs: number,
): Promise<void> {
  const started = performance.now()
  try {
    const sent = await session.copy(copy, handoff, [{ run: 'COMMIT' }])
    if (sent !== handoff.rows)
      throw postgresError('postgres-protocol', `The server sent ${sent} rows and ${handoff.rows} arrived`)
    handoff.end()
  } catch (error) {
    const elapsedMs = performance.now() - started
    handoff.end(queryError(error, { kind: 'rows' }, { elapsedMs, queryTimeoutMs }))
  }
}

function builders(
  plan: PreparedRead['columns'],
  { form, output, batchRows, batchBytes }: ReadRequest,
): () => BatchBuilder {
  const columns = plan.map(({ field, encoding }) => ({ name: field.name, encoding }))
  if (form === 'columns') {
    const stream = { begun: false, ended: false }
    return () => new ColumnsBatch(columns, stream, batchRows, batchBytes)
  }
  if (output.format === 'csv') return () => new CsvBatch(batchRows, batchBytes)
  const row = new JsonlRow(columns)
  return () => new JsonlBatch(row, batchRows, batchBytes)
}
