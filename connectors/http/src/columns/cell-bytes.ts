import type { LogicalType } from '@bulkhead/connector-sdk'
import type { Cell } from './read-cell.ts'

/** Bytes that a cell takes, its offset included. */
export function cellBytes(cell: Cell, type: LogicalType): number {
  if (cell instanceof Uint8Array) return cell.length + 4
  switch (type.kind) {
    case 'boolean':
      return 1
    case 'timestamp':
      return 8
    case 'integer':
    case 'float':
      return type.bits === 64 ? 8 : 4
    case 'date':
    case 'decimal':
    case 'text':
    case 'json':
    case 'binary':
      return 4
    default:
      return type satisfies never
  }
}
