import type { Extract, Log, ReadRequest } from '@bulkhead/connector-sdk'
import { pushedExtract } from '@bulkhead/connector-sdk/network'
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
export function createExtract(
  session: Session,
  { columns, result, statement }: PreparedRead,
  { read, queryTimeoutMs, log, release }: ExtractOptions,
): Extract {
  return pushedExtract(session, {
    fields: columns.map(({ field }) => field),
    consistency: 'snapshot',
    createBuilder: () => new ColumnsBatch(columns, read.batchRows, read.batchBytes),
    maxRows: read.maxRows,
    release,
    async push(rows) {
      try {
        if ((await result.receive(rows)) > 0) await checkWarnings(session, log)
        session.closeStatement(statement)
        await session.run('COMMIT')
      } catch (error) {
        throw queryError(error, 'rows', queryTimeoutMs)
      }
    },
  })
}
