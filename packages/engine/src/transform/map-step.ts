import type { Field, Row } from '@bulkhead/connector-sdk'
import { duplicateNames, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { rowReader } from './columns-to-rows.ts'
import { declaredFields, inferredType } from './field-types.ts'
import { createRowCollector, type RowCollector } from './rows-to-columns.ts'
import type { MapFunction, RunningStep } from './step.ts'

/** What the code returned for one row. */
interface Returned {
  readonly row: unknown
  readonly rowNumber: number
}

/**
 * Shows each row to the application's code, and makes columns of what it returns. Without `fields` of
 * the code's own the keys of the first row that it returns are the columns: of the input's type where
 * the name is the same, else of the type of the first value in the first batch.
 *
 * @param declared  what the file exports as `fields`
 * @param maxBytes  a batch is yielded when it has so many bytes: code may return many rows for one (I8)
 * @throws BulkheadError `map-invalid`, `column-duplicate`; while it runs `map-failed`, `map-result-invalid`
 */
export function mapRows(
  map: MapFunction,
  declared: unknown,
  inputs: readonly Field[],
  path: string,
  maxBytes: number,
): RunningStep {
  const [twice] = duplicateNames(inputs)
  if (twice !== undefined) {
    throw fault('column-duplicate', `A row cannot have two columns "${twice}"`, { path })
  }
  let fields = declared === undefined ? undefined : declaredFields(declared, inputs, path)
  let collector: RowCollector | undefined
  let rowsBefore = 0

  function collectorFor(known: readonly Field[]): RowCollector {
    fields = known
    collector ??= createRowCollector(known, 'map-result-invalid', path)
    return collector
  }

  /** Without declaration, rows wait until the columns are known: for the first batch, but not without bound (I8). */
  const waiting: Returned[] = []
  function take(row: unknown, rowNumber: number): void {
    if (row === null || row === undefined) return
    if (fields !== undefined) add(collectorFor(fields), row, rowNumber)
    else if (waiting.push({ row, rowNumber }) >= longestWait) learn()
  }
  function learn(): void {
    if (waiting.length === 0) return
    const known = collectorFor(byCode(waiting[0]?.rowNumber ?? 1, () => inferFields(waiting, inputs, path)))
    for (const { row, rowNumber } of waiting.splice(0)) add(known, row, rowNumber)
  }
  function add(known: RowCollector, row: unknown, rowNumber: number): void {
    byCode(rowNumber, () => known.add(row, rowNumber))
  }
  /** A row may hold code too: what it throws when it is looked at is the application's fault. */
  function byCode<T>(rowNumber: number, look: () => T): T {
    try {
      return look()
    } catch (error) {
      throw isBulkheadError(error) ? error : thrown(error, rowNumber, path)
    }
  }

  return {
    get fields() {
      return fields
    },
    async *apply(batch) {
      const read = rowReader(inputs, batch)
      for (let row = 0; row < batch.rows; row++) {
        const rowNumber = rowsBefore + row + 1
        const answer = callMap(map, read(row), rowNumber, path)
        // A row costs little more than its code: nothing waits for what is there already.
        const result = answer instanceof Promise ? ((await answer) as unknown) : answer
        if (!Array.isArray(result)) take(result, rowNumber)
        else {
          for (const one of result as unknown[]) {
            take(one, rowNumber)
            if (isFull(collector, maxBytes)) yield { batch: collector.take(), rejected: [] }
          }
        }
        if (isFull(collector, maxBytes)) yield { batch: collector.take(), rejected: [] }
      }
      rowsBefore += batch.rows
      learn()
      if (collector !== undefined && collector.rows > 0) yield { batch: collector.take(), rejected: [] }
    },
  }
}

const longestWait = 10_000

function isFull(collector: RowCollector | undefined, maxBytes: number): collector is RowCollector {
  return collector !== undefined && collector.bytes >= maxBytes
}

/** What the code returned; a promise of it when it returned one. */
function callMap(map: MapFunction, row: Row, rowNumber: number, path: string): unknown {
  try {
    const answer = map(row)
    if (typeof (answer as PromiseLike<unknown> | null | undefined)?.then !== 'function') return answer
    return Promise.resolve(answer).catch((cause: unknown) => {
      throw thrown(cause, rowNumber, path)
    })
  } catch (cause) {
    throw thrown(cause, rowNumber, path)
  }
}

/** Its own message may quote the row; it stays in the cause, which no reply shows. */
function thrown(cause: unknown, rowNumber: number, path: string): Error {
  const kind = cause instanceof Error ? cause.name : 'a value that is no Error'
  return fault('map-failed', `The mapping code threw ${kind} for row ${rowNumber}`, { cause, path })
}

function inferFields(waiting: readonly Returned[], inputs: readonly Field[], path: string): readonly Field[] {
  const [first] = waiting
  const row = first?.row
  if (typeof row !== 'object' || row === null) {
    throw fault(
      'map-result-invalid',
      `The mapping code returned no object for row ${first?.rowNumber ?? 1}`,
      { path },
    )
  }
  const byName = new Map(inputs.map((field) => [field.name, field]))
  return Object.keys(row).map((name): Field => {
    const input = byName.get(name)
    if (input !== undefined) return { ...input, nullable: true }
    return { name, type: inferredType(firstValue(waiting, name)), nullable: true }
  })
}

function firstValue(waiting: readonly Returned[], name: string): unknown {
  for (const { row } of waiting) {
    if (typeof row !== 'object' || row === null || !Object.hasOwn(row, name)) continue
    const value = (row as Record<string, unknown>)[name]
    if (value !== null && value !== undefined) return value
  }
  return undefined
}
