import type { Column, ColumnsBatch, Field, FixedColumn, Row, Value } from '@bulkhead/connector-sdk'
import { isValid } from '@bulkhead/connector-sdk'
import { dateText, timestampText } from './calendar.ts'

/**
 * The view of a row that the application's code gets: one plain object a row, with the values that
 * `Value` of the SDK describes. Costs ten times what columns cost, so nothing else uses it.
 */
export function rowReader(fields: readonly Field[], batch: ColumnsBatch): (row: number) => Row {
  const readers = fields.map((field, index) => valueReader(field, batch.columns[index]!))
  const names = fields.map(({ name }) => name)
  // Assigning to this name would set the prototype.
  if (names.includes('__proto__')) {
    return (row) => Object.fromEntries(names.map((name, index) => [name, readers[index]!(row)]))
  }
  return (row) => {
    const object: Row = {}
    for (let index = 0; index < names.length; index++) object[names[index]!] = readers[index]!(row)
    return object
  }
}

type ReadValue = (row: number) => Value

function valueReader(field: Field, column: Column): ReadValue {
  const read = presentReader(field, column)
  return column.validity === undefined ? read : (row) => (isValid(column, row) ? read(row) : null)
}

function presentReader({ type }: Field, column: Column): ReadValue {
  if (column.layout === 'variable') {
    const { offsets, bytes } = column
    // Copied: the code may keep the value longer than the batch lives.
    if (type.kind === 'binary')
      return (row) => new Uint8Array(bytes.subarray(offsets[row]!, offsets[row + 1]!))
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return (row) => buffer.toString('utf8', offsets[row]!, offsets[row + 1]!)
  }
  const { values } = column
  if (type.kind === 'boolean') return (row) => values[row] !== 0
  if (type.kind === 'date') return (row) => dateText((values as Int32Array)[row]!)
  if (type.kind === 'timestamp') return timestampReader(column, type.zoned)
  return (row) => values[row]!
}

function timestampReader({ values }: FixedColumn, zoned: boolean): ReadValue {
  return (row) => timestampText((values as BigInt64Array)[row]!, zoned)
}
