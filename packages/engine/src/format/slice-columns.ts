import type { Column, ColumnsBatch } from '@bulkhead/connector-sdk'

/** Rows from..to of a batch, without copying values; only validity bits move. */
export function sliceColumns(batch: ColumnsBatch, from: number, to: number): ColumnsBatch {
  if (from === 0 && to === batch.rows) return batch
  return {
    form: 'columns',
    rows: to - from,
    columns: batch.columns.map((column) => sliceColumn(column, from, to)),
    bytes: batch.rows === 0 ? 0 : Math.round((batch.bytes * (to - from)) / batch.rows),
  }
}

function sliceColumn(column: Column, from: number, to: number): Column {
  const validity = column.validity === undefined ? undefined : sliceBits(column.validity, from, to)
  if (column.layout === 'fixed') {
    return { layout: 'fixed', values: column.values.subarray(from, to), validity }
  }
  return { layout: 'variable', offsets: column.offsets.subarray(from, to + 1), bytes: column.bytes, validity }
}

function sliceBits(bits: Uint8Array, from: number, to: number): Uint8Array {
  const first = from >> 3
  const shift = from & 7
  const length = (to - from + 7) >> 3
  if (shift === 0) return bits.subarray(first, first + length)
  const out = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    out[index] = (bits[first + index]! >> shift) | ((bits[first + index + 1] ?? 0) << (8 - shift))
  }
  return out
}

/**
 * How many rows from the first on have values of at most `bytes` together, in the layout of columns.
 * Depends on the rows alone, not on how they came in batches.
 */
export function rowsWithin(batch: ColumnsBatch, bytes: number): number {
  let width = 0
  const offsets: Int32Array[] = []
  for (const column of batch.columns) {
    if (column.layout === 'fixed') width += column.values.BYTES_PER_ELEMENT
    else offsets.push(column.offsets)
  }
  let used = 0
  for (let row = 0; row < batch.rows; row++) {
    used += width
    for (const offset of offsets) used += 4 + offset[row + 1]! - offset[row]!
    if (used > bytes) return row
  }
  return batch.rows
}

/** Bytes that `rowsWithin` counts for a whole batch. */
export function columnBytes(batch: ColumnsBatch): number {
  let bytes = 0
  for (const column of batch.columns) {
    bytes +=
      column.layout === 'fixed'
        ? column.values.BYTES_PER_ELEMENT * batch.rows
        : 4 * batch.rows + column.offsets[batch.rows]! - column.offsets[0]!
  }
  return bytes
}
