import type { ColumnsBatch, Field } from '@bulkhead/connector-sdk'
import { fault, type ErrorCode } from '@bulkhead/contract'
import { createColumnBuilder } from './column-builder.ts'

/** Collects row objects as columns. */
export interface RowCollector {
  readonly rows: number
  /** Bytes collected so far, roughly. */
  readonly bytes: number
  /**
   * Adds a row; a key that is missing is null.
   * @param rowNumber  for messages, from 1
   * @throws BulkheadError of the collector's code: an unknown key, or a value that is not what its column says. Never shows the value
   */
  add(row: unknown, rowNumber: number): void
  /** The batch of everything added, and the collector begins anew. */
  take(): ColumnsBatch
}

/**
 * @param code  `value-invalid` for rows of a connector, `map-result-invalid` for those of the application's code
 * @param path  of the code, for errors
 */
export function createRowCollector(
  fields: readonly Field[],
  code: ErrorCode & ('value-invalid' | 'map-result-invalid'),
  path?: string,
): RowCollector {
  const place = path === undefined ? {} : { path }
  const names = fields.map(({ name }) => name)
  const known = new Set(names)
  const builders = fields.map(({ type }) => createColumnBuilder(type))
  let rows = 0

  function checkKeys(row: object, rowNumber: number): void {
    for (const key of Object.keys(row)) {
      if (known.has(key)) continue
      throw fault(
        code,
        `Row ${rowNumber} has the key "${key.slice(0, 60)}", which is no column of the result`,
        place,
      )
    }
  }

  return {
    get rows() {
      return rows
    },
    get bytes() {
      return builders.reduce((sum, builder) => sum + builder.bytes, 0)
    },
    add(row, rowNumber) {
      if (typeof row !== 'object' || row === null || Array.isArray(row)) {
        throw fault(code, `Row ${rowNumber} is not an object with a value for each column`, place)
      }
      checkKeys(row, rowNumber)
      for (let index = 0; index < names.length; index++) {
        const wrong = builders[index]!.add(ownValue(row as Record<string, unknown>, names[index]!))
        if (wrong === undefined) continue
        throw fault(code, `Column "${names[index]!}" of row ${rowNumber} must be ${wrong}`, place)
      }
      rows++
    },
    take() {
      const bytes = builders.reduce((sum, builder) => sum + builder.bytes, 0)
      const batch: ColumnsBatch = {
        form: 'columns',
        rows,
        columns: builders.map((builder) => builder.take()),
        bytes,
      }
      rows = 0
      return batch
    },
  }
}

/**
 * Rows of a connector as columns of its fields.
 * @param firstRow  number of the first row, for messages
 * @throws BulkheadError `value-invalid`
 */
export function rowsToColumns(
  rows: readonly unknown[],
  fields: readonly Field[],
  firstRow: number,
): ColumnsBatch {
  const collector = createRowCollector(fields, 'value-invalid')
  for (const [index, row] of rows.entries()) collector.add(row, firstRow + index)
  return collector.take()
}

/** A key that only the prototype has, such as `constructor`, is not a value of the row. */
function ownValue(row: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : undefined
}
