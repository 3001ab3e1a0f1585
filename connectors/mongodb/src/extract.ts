import type { Batch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import type { BatchBuilder } from './encode/batch-builder.ts'
import { ColumnBatches } from './encode/column-batches.ts'
import { ExtendedJson } from './encode/extended-json.ts'
import { jsonlRow } from './encode/jsonl-row.ts'
import { JsonlBatches } from './encode/jsonl-batches.ts'
import type { CheckedRead, PreparedRead } from './prepare-read.ts'
import type { Answer } from './read/answer.ts'
import { rotate } from './read/rotate.ts'
import { serverError } from './server/server-error.ts'

/** What an extract does with the connection that it has for itself. */
export interface ReadConnection {
  /** Aborts when the time of the query is over, or the extract is closed; by the error that says so. */
  readonly signal: AbortSignal
  /** Ends the cursors at the server, and everything that is still at work. Never throws. */
  stop(): Promise<void>
  /** Gives the connection back, once. */
  release(clean: boolean): Promise<void>
}

/** A prepared read, to be read once. */
export function createExtract(
  connection: ReadConnection,
  checked: CheckedRead,
  prepared: PreparedRead,
  read: ReadRequest,
): Extract {
  let state: 'prepared' | 'reading' | 'read' | 'released' = 'prepared'

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (state !== 'prepared') throw new TypeError('An extract is read once')
    signal.throwIfAborted()
    state = 'reading'
    const either = AbortSignal.any([signal, connection.signal])
    let stopping: Promise<void> | undefined
    const stop = (): void => void (stopping ??= connection.stop())
    either.addEventListener('abort', stop, { once: true })
    try {
      yield* build(prepared, checked, read, either)
      state = 'read'
    } catch (error) {
      either.throwIfAborted()
      throw serverError(error, 'reading', checked.scope)
    } finally {
      either.removeEventListener('abort', stop)
      // A consumer that leaves early must not leave a cursor behind.
      if (state !== 'read') await (stopping ?? connection.stop())
    }
  }

  return {
    fields: prepared.fields,
    consistency: 'none',
    read: batches,
    async [Symbol.asyncDispose]() {
      if (state === 'released') return
      const clean = state === 'read'
      state = 'released'
      await connection.release(clean)
    },
  }
}

async function* build(
  { columns, cursors, head }: PreparedRead,
  { query }: CheckedRead,
  read: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const json = new ExtendedJson(query.extendedJson)
  const bounds = { rows: read.batchRows, bytes: read.batchBytes }
  const builder: BatchBuilder =
    read.form === 'columns'
      ? new ColumnBatches(columns, json, bounds)
      : new JsonlBatches(
          columns.columns[0]?.path.length === 0
            ? (out, bytes, at) => void json.document(out, bytes, at)
            : jsonlRow(columns, json),
          bounds,
        )
  let left = read.maxRows ?? Number.POSITIVE_INFINITY
  for await (const { bytes, starts } of answers(head, cursors, signal)) {
    for (const at of starts) {
      if (left-- <= 0) break
      const batch = builder.add(bytes, at)
      if (batch === undefined) continue
      yield batch
      signal.throwIfAborted()
    }
    if (left <= 0) break
  }
  const last = builder.finish()
  if (last !== undefined) yield last
  for (const cursor of cursors) await cursor.close()
}

async function* answers(
  head: readonly Answer[],
  cursors: PreparedRead['cursors'],
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  yield* head
  for await (const answer of rotate(cursors)) {
    signal.throwIfAborted()
    yield answer
  }
  // A cursor that was closed meanwhile ends as if there were no more documents.
  signal.throwIfAborted()
}
