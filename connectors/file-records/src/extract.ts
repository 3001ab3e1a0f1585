import type { ColumnsBatch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { fieldsOf, RecordBatches } from './columns/record-batches.ts'
import { assertSameHeader, type ResolvedColumns } from './columns/resolve-columns.ts'
import type { Document } from './input/documents.ts'
import type { Watch } from './input/unchanged.ts'
import type { RecordFormat } from './record-format.ts'
import { WorkingTime } from './working-time.ts'

/** All that one read knows. */
export interface ReadParts {
  readonly documents: readonly Document[]
  readonly format: RecordFormat
  readonly resolved: ResolvedColumns
  /** What the first file names its columns. */
  readonly header: readonly string[] | undefined
  readonly watch: Watch
  readonly consistency: Extract['consistency']
  /** Longest time that reading may work, milliseconds. */
  readonly budgetMs: number
  readonly bounds: Pick<ReadRequest, 'batchRows' | 'batchBytes' | 'maxRows'>
}

/** Records whose columns are known, ready to be read once. */
export function createExtract(parts: ReadParts): Extract {
  return {
    fields: fieldsOf(parts.resolved.columns),
    consistency: parts.consistency,
    read: (signal) => read(parts, signal),
    async [Symbol.asyncDispose]() {},
  }
}

async function* read(parts: ReadParts, signal: AbortSignal): AsyncGenerator<ColumnsBatch> {
  const { batchRows, batchBytes, maxRows = Infinity } = parts.bounds
  const batches = new RecordBatches(parts.resolved.columns, Math.max(1, batchRows), batchBytes)
  const time = new WorkingTime(parts.budgetMs)
  let left = maxRows
  for (const document of parts.documents) {
    signal.throwIfAborted()
    if (left <= 0) break
    const file = await parts.format.open(document, signal)
    try {
      const names = { file: document.name, firstFile: parts.documents[0]?.name ?? '' }
      assertSameHeader(parts.header, file.header, names)
      const where = (cell: number): string => `${document.name}, ${file.placeOf(cell)}`
      while (left > 0) {
        const record = file.next()
        if (record === undefined) {
          signal.throwIfAborted()
          time.assertLeft()
          if (!(await file.more())) break
          continue
        }
        while (!batches.add(record, parts.resolved.cells, where)) {
          time.pause()
          yield batches.take()
          time.goOn()
          signal.throwIfAborted()
        }
        left--
      }
    } finally {
      await file.close()
    }
    await parts.watch.assertUnchanged(document.file)
  }
  if (batches.rows > 0) yield batches.take()
}
