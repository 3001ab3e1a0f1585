import { isUtf8 } from 'node:buffer'
import { columnBuffer, type ColumnBuffer, type ColumnsBatch, type Field } from '@bulkhead/connector-sdk'
import { httpFault } from '../errors.ts'
import { compactJson } from '../json/compact-json.ts'
import { DuplicateField, recordFinder } from '../json/find-values.ts'
import type { Pointer } from '../json/json-pointer.ts'
import { cellBytes } from './cell-bytes.ts'
import type { ColumnType } from './column-type.ts'
import { type Cell, cellReader } from './read-cell.ts'

/** A column that the query declares. */
export interface DeclaredColumn {
  readonly name: string
  readonly place: Pointer
  readonly type: ColumnType
}

/** What the records become. */
export interface RecordShape {
  readonly columns: readonly DeclaredColumn[]
  /** What happens to fields that no column takes; `keep` puts them into a column of this name. */
  readonly others: 'refuse' | 'drop' | { readonly column: string }
}

/** One column that holds each record as it is. */
export const wholeRecords: RecordShape = {
  columns: [{ name: 'record', place: [], type: { logical: { kind: 'json' } } }],
  others: 'drop',
}

/** Columns of the result. */
export function fieldsOf(shape: RecordShape): readonly Field[] {
  const { columns, others } = shape
  if (shape === wholeRecords)
    return [{ name: 'record', type: { kind: 'json' }, nullable: false, isRecord: true }]
  const declared = columns.map(({ name, type }): Field => ({ name, type: type.logical, nullable: true }))
  if (typeof others === 'string') return declared
  return [...declared, { name: others.column, type: { kind: 'json' }, nullable: true }]
}

/** Gathers records into columns, one batch at a time. */
export interface RecordBatches {
  /** Records in the batch that is being filled. */
  readonly rows: number
  /**
   * Adds a record, which is copied.
   * @param number  of the record in the result, from 1, for errors
   * @returns false when the batch is full and the record was not added; never when it is empty
   * @throws BulkheadError `http-value-invalid`, `http-field-unknown`, `http-answer-invalid`; never shows a value
   */
  add(record: Uint8Array, number: number): boolean
  /** The batch, valid until the next record is added. */
  take(): ColumnsBatch
}

export function recordBatches(shape: RecordShape, maxRows: number, maxBytes: number): RecordBatches {
  const fields = fieldsOf(shape)
  const finder = recordFinder(shape.columns.map(({ place }) => place))
  const readers = shape.columns.map(({ type }) => cellReader(type))
  const cells: Cell[] = fields.map(() => null)
  const isWhole = shape === wholeRecords
  let buffers = newBuffers()
  let rows = 0
  let bytes = 0
  let isTaken = false

  /** The batch that was taken is over when the next record comes. */
  function begin(): void {
    isTaken = false
    rows = 0
    bytes = 0
    const kept = buffers.reduce((sum, { capacity }) => sum + capacity, 0)
    // Each column keeps what it needed at most; when that is too much in sum, begin again (I8).
    if (kept > 4 * maxBytes) buffers = newBuffers()
    else for (const buffer of buffers) buffer.reset()
  }

  function newBuffers(): readonly ColumnBuffer[] {
    return fields.map(({ type }) => columnBuffer(type))
  }

  function readCells(json: Uint8Array, number: number): void {
    const rest: string[] = []
    const { others } = shape
    const onOther = (pointer: () => string, start: number, end: number): void => {
      if (others === 'refuse')
        throw httpFault(
          'http-field-unknown',
          `Record ${number} has the field ${shown(pointer())}, which no column takes`,
          { path: 'query.columns' },
        )
      rest.push(
        `${JSON.stringify(pointer())}:${Buffer.from(json.buffer, json.byteOffset + start, end - start).toString('utf8')}`,
      )
    }
    find(json, number, others === 'drop' ? undefined : onOther)
    for (const [index, { read, expected }] of readers.entries()) {
      const start = finder.starts[index]!
      const cell = start < 0 ? null : read(json, start, finder.ends[index]!)
      if (cell === undefined)
        throw httpFault(
          'http-value-invalid',
          `Column "${shape.columns[index]!.name}" of record ${number} must be ${expected}`,
          {
            path: `query.columns.${index}.type`,
          },
        )
      cells[index] = cell
    }
    if (typeof others === 'object')
      cells[readers.length] = rest.length === 0 ? null : Buffer.from(`{${rest.join(',')}}`, 'utf8')
  }

  function find(json: Uint8Array, number: number, onOther: Parameters<typeof finder.find>[1]): void {
    try {
      finder.find(json, onOther)
    } catch (error) {
      if (!(error instanceof DuplicateField)) throw error
      throw httpFault('http-value-invalid', `Record ${number} has the field ${shown(error.pointer)} twice`, {
        path: 'query.columns',
        fix: 'Report it to those who run the API; without columns the record is kept as it is',
      })
    }
  }

  return {
    get rows() {
      return isTaken ? 0 : rows
    },
    add(record, number) {
      if (isTaken) begin()
      if (rows >= maxRows) return false
      if (!isUtf8(record)) throw httpFault('http-answer-invalid', `Record ${number} is not UTF-8`)
      const json = compactJson(record)
      // Far the most frequent: the record as it is.
      if (isWhole) cells[0] = json
      else readCells(json, number)
      let size = 0
      for (let index = 0; index < cells.length; index++) size += cellBytes(cells[index]!, fields[index]!.type)
      if (rows > 0 && bytes + size > maxBytes) return false
      for (let index = 0; index < cells.length; index++) {
        const cell = cells[index]!
        const buffer = buffers[index]!
        if (cell === null) buffer.addNull(rows)
        else if (cell instanceof Uint8Array) buffer.addBytes(rows, cell, 0, cell.length)
        else buffer.addFixed(rows, cell)
      }
      rows++
      bytes += size
      return true
    },
    take() {
      isTaken = true
      return {
        form: 'columns',
        rows,
        columns: buffers.map((buffer) => buffer.build(rows)),
        bytes,
      }
    },
  }
}

/** Names of fields stand in errors, cut: they come from the API. */
function shown(pointer: string): string {
  return JSON.stringify(pointer.length > 100 ? `${pointer.slice(0, 100)}…` : pointer)
}
