import type { Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { type BatchBuilder, pushedExtract } from '@bulkhead/connector-sdk/network'
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
  return pushedExtract(session, {
    fields: columns.map(({ field }) => field),
    consistency: 'snapshot',
    createBuilder: builders(columns, read),
    maxRows: undefined,
    release,
    async push(rows) {
      const started = performance.now()
      try {
        // The commit travels with the COPY, it costs no round trip.
        const sent = await session.copy(copy, rows, [{ run: 'COMMIT' }])
        if (sent !== rows.taken)
          throw postgresError('postgres-protocol', `The server sent ${sent} rows and ${rows.taken} arrived`)
      } catch (error) {
        const elapsedMs = performance.now() - started
        throw queryError(error, { kind: 'rows' }, { elapsedMs, queryTimeoutMs })
      }
    },
  })
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
