import { isUtf8 } from 'node:buffer'
import { isValid, type Field, type VariableColumn } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * Refuses text that is not UTF-8, for formats whose readers rely on it. All values are looked at in one
 * go, which is fast, and one by one only when that fails.
 *
 * @throws BulkheadError `value-invalid`, which names column and row
 */
export function refuseForeignText(
  column: VariableColumn,
  rows: number,
  field: Field,
  rowNumber: (row: number) => number,
  format: string,
): void {
  const { offsets, bytes } = column
  let isSound = isUtf8(bytes.subarray(offsets[0], offsets[rows]))
  // The whole may be sound where a character is cut in two values: then one begins in its middle.
  for (let row = 1; isSound && row < rows; row++) {
    const from = offsets[row]!
    isSound = from === offsets[rows] || (bytes[from]! & 0xc0) !== 0x80
  }
  if (isSound) return
  for (let row = 0; row < rows; row++) {
    // What lies where a null is, nobody reads.
    if (!isValid(column, row) || isUtf8(bytes.subarray(offsets[row], offsets[row + 1]))) continue
    throw fault(
      'value-invalid',
      `Column "${field.name}" has a text in row ${rowNumber(row)} that is not UTF-8, which ${format} needs`,
    )
  }
}
