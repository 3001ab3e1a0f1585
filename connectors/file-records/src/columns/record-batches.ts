import {
  columnBuffer,
  type ColumnBuffer,
  type ColumnsBatch,
  type Field,
  type FixedCell,
  type LogicalType,
} from '@bulkhead/connector-sdk'
import { failure, shown } from '../errors.ts'
import type { RawRecord } from './raw-record.ts'
import type { ValueReader } from './read-value.ts'

/** A column of the result. */
export interface ResultColumn {
  readonly name: string
  readonly type: LogicalType
  /** Undefined for text, which is taken as it is. */
  readonly reader: ValueReader | undefined
  readonly nullTexts: readonly Buffer[]
  /** Where the query declares it; undefined when the file names it. */
  readonly path: string | undefined
}

export function fieldsOf(columns: readonly ResultColumn[]): readonly Field[] {
  return columns.map(({ name, type }) => ({ name, type, nullable: true }))
}

/** Gathers records into columns, one batch at a time. */
export class RecordBatches {
  readonly #columns: readonly ResultColumn[]
  readonly #maxRows: number
  readonly #maxBytes: number
  readonly #values: (FixedCell | string | null | undefined)[]
  #buffers: readonly ColumnBuffer[]
  #isTaken = false
  #bytes = 0
  rows = 0

  constructor(columns: readonly ResultColumn[], maxRows: number, maxBytes: number) {
    this.#columns = columns
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
    this.#values = columns.map(() => null)
    this.#buffers = newBuffers(columns)
  }

  /**
   * Adds a record, which is copied.
   * @param cells  for each column its cell in the record
   * @param where  names file, place and cell for errors
   * @returns false when the batch is full and the record was not added; never when it is empty
   * @throws `file-records-value-invalid`, which never shows the value
   */
  add(record: RawRecord, cells: ArrayLike<number>, where: (cell: number) => string): boolean {
    if (this.#isTaken) this.#begin()
    if (this.rows >= this.#maxRows) return false
    const size = this.#readValues(record, cells, where)
    if (this.rows > 0 && this.#bytes + size > this.#maxBytes) return false
    for (let index = 0; index < this.#columns.length; index++) {
      const value = this.#values[index]
      const buffer = this.#buffers[index]!
      if (value === null) buffer.addNull(this.rows)
      else if (value === undefined) {
        const cell = cells[index]!
        buffer.addBytes(this.rows, record.bytes, record.starts[cell]!, record.ends[cell]!)
      } else if (typeof value === 'string') {
        const bytes = Buffer.from(value)
        buffer.addBytes(this.rows, bytes, 0, bytes.length)
      } else buffer.addFixed(this.rows, value)
    }
    this.rows++
    this.#bytes += size
    return true
  }

  /** The batch, valid until the next record is added. */
  take(): ColumnsBatch {
    const { rows } = this
    this.#isTaken = true
    this.rows = 0
    const columns = this.#buffers.map((buffer) => buffer.build(rows))
    return { form: 'columns', rows, columns, bytes: this.#bytes }
  }

  /** Values of all columns: undefined stands for the bytes of the cell as they are. @returns what they take */
  #readValues(record: RawRecord, cells: ArrayLike<number>, where: (cell: number) => string): number {
    let size = 0
    for (let index = 0; index < this.#columns.length; index++) {
      const column = this.#columns[index]!
      const cell = cells[index]!
      const fault = record.faults?.get(cell)
      if (fault !== undefined) throw unusable(column, where(cell), fault)
      const start = cell < record.cells ? record.starts[cell]! : -1
      const end = start < 0 ? 0 : record.ends[cell]!
      const isText = column.reader === undefined
      const isQuoted = isText && record.quoted?.[cell] === 1
      if (start < 0 || (!isQuoted && isNullText(column.nullTexts, record.bytes, start, end))) {
        this.#values[index] = null
        size += 8
      } else if (isText) {
        this.#values[index] = undefined
        size += end - start + 4
      } else {
        const value = column.reader.read(record.bytes.toString('utf8', start, end))
        if (value === undefined) throw invalid(column, where(cell))
        this.#values[index] = value
        size += typeof value === 'string' ? value.length + 4 : 8
      }
    }
    return size
  }

  #begin(): void {
    this.#isTaken = false
    this.#bytes = 0
    const kept = this.#buffers.reduce((sum, { capacity }) => sum + capacity, 0)
    // Each column keeps what it needed at most; when that is too much in sum, begin again (I8).
    if (kept > 4 * this.#maxBytes) this.#buffers = newBuffers(this.#columns)
    else for (const buffer of this.#buffers) buffer.reset()
  }
}

function newBuffers(columns: readonly ResultColumn[]): readonly ColumnBuffer[] {
  return columns.map(({ type }) => columnBuffer(type))
}

function isNullText(texts: readonly Buffer[], bytes: Buffer, start: number, end: number): boolean {
  for (const text of texts) {
    if (text.length === end - start && (text.length === 0 || text.compare(bytes, start, end) === 0))
      return true
  }
  return false
}

function unusable({ name, path }: ResultColumn, where: string, fault: string): Error {
  return failure('file-records-value-invalid', `Column ${shown(name)} of ${where} ${fault}`, {
    path: path ?? 'query.columns',
  })
}

function invalid({ name, reader, path }: ResultColumn, where: string): Error {
  return failure(
    'file-records-value-invalid',
    `Column ${shown(name)} of ${where} must be ${reader?.expected ?? 'text'}`,
    { path: path ?? 'query.columns' },
  )
}
