import type { types } from 'cassandra-driver'
import type { Row, Value } from '@bulkhead/connector-sdk'
import type { ColumnPlan } from '../value/column-plan.ts'

/** A row with its size. */
export interface SizedRow {
  readonly row: Row
  /** Bytes of its values. */
  readonly bytes: number
}

/** Rows of the client as rows of the contract. */
export function rowReader(plans: readonly ColumnPlan[]): (row: types.Row) => SizedRow {
  const columns = plans.map(({ field: { name }, valueOf }) => ({ name, valueOf }))
  return (row) => {
    const read: Row = {}
    let bytes = 0
    for (const { name, valueOf } of columns) {
      const value = valueOf(row[name])
      read[name] = value
      bytes += sizeOf(value)
    }
    return { row: read, bytes }
  }
}

function sizeOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 8
}
