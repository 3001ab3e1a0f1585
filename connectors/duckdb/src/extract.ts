import type { Batch, Extract, Field } from '@bulkhead/connector-sdk'
import { readColumns, type Bounds } from './columns/read-columns.ts'
import type { Database } from './database/database.ts'
import type { Statement } from './database/statement.ts'
import type { Watch } from './files/unchanged.ts'

/** All that one read owns. */
export interface ReadParts {
  readonly database: Database
  readonly statement: Statement
  readonly fields: readonly Field[]
  readonly watch: Watch
  readonly consistency: Extract['consistency']
  readonly bounds: Bounds
}

/** A query that is bound, ready to be read once. */
export function createExtract(parts: ReadParts): Extract {
  let closed = false
  return {
    fields: parts.fields,
    consistency: parts.consistency,
    read: (signal) => read(parts, signal),
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await parts.database.close()
    },
  }
}

async function* read(
  { database: { work }, statement, watch, bounds }: ReadParts,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  signal.throwIfAborted()
  const result = await work.run('rows', signal, () => statement.prepared.stream())
  for await (const batch of readColumns(statement.columns, bounds, () =>
    work.run('rows', signal, () => result.fetchChunk()),
  )) {
    yield batch
    signal.throwIfAborted()
  }
  await watch.assertUnchanged()
}
