import type { ColumnsBatch, Field, Row } from '@bulkhead/connector-sdk'
import { duplicateNames } from '@bulkhead/connector-sdk'
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
    collector ??= createRowCollector(known, 'map-result-invalid')
    return collector
  }

  async function* returned(batch: ColumnsBatch): AsyncIterable<Returned> {
    const read = rowReader(inputs, batch)
    for (let row = 0; row < batch.rows; row++) {
      const rowNumber = rowsBefore + row + 1
      const result = await call(map, read(row), rowNumber)
      for (const one of Array.isArray(result) ? (result as unknown[]) : [result]) {
        if (one !== null && one !== undefined) yield { row: one, rowNumber }
      }
    }
    rowsBefore += batch.rows
  }

  return {
    get fields() {
      return fields
    },
    async *apply(batch) {
      // Without declaration the rows of the first batch wait until the columns are known.
      const waiting: Returned[] = []
      for await (const one of returned(batch)) {
        if (fields === undefined) {
          waiting.push(one)
          if (waiting.length < longestWait) continue
        } else {
          collectorFor(fields).add(one.row, one.rowNumber)
        }
        if (waiting.length > 0) addAll(collectorFor(inferFields(waiting, inputs)), waiting)
        if (collector !== undefined && collector.bytes >= maxBytes)
          yield { batch: collector.take(), rejected: [] }
      }
      if (waiting.length > 0) addAll(collectorFor(inferFields(waiting, inputs)), waiting)
      if (collector !== undefined && collector.rows > 0) yield { batch: collector.take(), rejected: [] }
    },
  }
}

/** Rows that may wait for columns, whatever the size of the first batch (I8). */
const longestWait = 10_000

function addAll(collector: RowCollector, waiting: Returned[]): void {
  for (const { row, rowNumber } of waiting) collector.add(row, rowNumber)
  waiting.length = 0
}

async function call(map: MapFunction, row: Row, rowNumber: number): Promise<unknown> {
  try {
    return await map(row)
  } catch (cause) {
    // Its own message may quote the row; it stays in the cause, which no reply shows.
    const kind = cause instanceof Error ? cause.name : 'a value that is no Error'
    throw fault('map-failed', `The mapping code threw ${kind} for row ${rowNumber}`, { cause })
  }
}

function inferFields(waiting: readonly Returned[], inputs: readonly Field[]): readonly Field[] {
  const [first] = waiting
  const row = first?.row
  if (typeof row !== 'object' || row === null) {
    throw fault('map-result-invalid', `The mapping code returned no object for row ${first?.rowNumber ?? 1}`)
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
