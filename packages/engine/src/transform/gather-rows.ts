import type { Column, ColumnsBatch } from '@bulkhead/connector-sdk'
import { isValid } from '@bulkhead/connector-sdk'

/** The rows of a batch with these indexes, copied. */
export function gatherRows(batch: ColumnsBatch, rows: readonly number[]): ColumnsBatch {
  return {
    form: 'columns',
    rows: rows.length,
    columns: batch.columns.map((column) => gatherColumn(column, rows)),
    bytes: batch.rows === 0 ? 0 : Math.round((batch.bytes * rows.length) / batch.rows),
  }
}

function gatherColumn(column: Column, rows: readonly number[]): Column {
  const validity = gatherValidity(column, rows)
  if (column.layout === 'fixed') {
    const values = column.values.slice(0, rows.length)
    for (let index = 0; index < rows.length; index++) values[index] = column.values[rows[index]!]!
    return { layout: 'fixed', values, validity }
  }
  const offsets = new Int32Array(rows.length + 1)
  for (const [index, row] of rows.entries()) {
    offsets[index + 1] = offsets[index]! + column.offsets[row + 1]! - column.offsets[row]!
  }
  const bytes = new Uint8Array(offsets[rows.length]!)
  for (const [index, row] of rows.entries()) {
    bytes.set(column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!), offsets[index])
  }
  return { layout: 'variable', offsets, bytes, validity }
}

function gatherValidity(column: Column, rows: readonly number[]): Uint8Array | undefined {
  if (column.validity === undefined) return undefined
  const bits = new Uint8Array((rows.length + 7) >> 3)
  for (const [index, row] of rows.entries()) {
    if (isValid(column, row)) bits[index >> 3]! |= 1 << (index & 7)
  }
  return bits
}
