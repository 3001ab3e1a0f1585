import {
  float32Text,
  float64Text,
  type Column,
  type ColumnsBatch,
  type Field,
  type FixedColumn,
  type VariableColumn,
} from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { dateWidth, timestampWidth, writeDate, writeTimestamp } from '../transform/calendar.ts'
import { integerWidth, writeAscii, writeInteger, writeInteger64 } from './integer-text.ts'
import type { RowWriter } from './row-formatter.ts'
import { refuseForeignText } from './valid-text.ts'
import { halves, writeHex, type WriteValue } from './value-text.ts'
import { isSheetDecimal, isSheetFloat, leastTextInteger, sheetDay, sheetMoment } from './xlsx-numbers.ts'
import { decimalStyle, style } from './xlsx-styles.ts'
import {
  characterCount,
  mostCellBytes,
  mostCellCharacters,
  mostEscapedBytes,
  writeXmlText,
  xmlTextLength,
} from './xlsx-text.ts'

/**
 * Rows of a sheet as SpreadsheetML, straight from columns. A null is no cell at all. Text is always
 * text: there is no way by which a value could become a formula.
 *
 * @param rowOf  number of a row of this batch in its sheet, and in the whole result for messages
 * @throws BulkheadError `xlsx-limit-exceeded`, `value-invalid`
 */
export function sheetRowWriter(
  fields: readonly Field[],
  batch: ColumnsBatch,
  rowOf: { readonly sheet: RowNumber; readonly result: RowNumber },
): RowWriter {
  const cells = fields.map((field, index) => cellOf(field, batch.columns[index]!, batch.rows, rowOf.result))
  const starts = fields.map((_, index) => encoder.encode(`<c r="${columnName(index)}`))
  const fixed = 40 + fields.length * mostCellOverhead
  const bounds = cells.flatMap(({ bound }) => bound ?? [])
  const digits = new Uint8Array(integerWidth)
  return {
    bound(row) {
      let bytes = fixed
      for (const bound of bounds) bytes += bound(row)
      return bytes
    },
    write(row, out, at) {
      const length = writeInteger(digits, 0, rowOf.sheet(row))
      let end = copy(out, writeAscii(out, at, '<row r="'), digits, length)
      end = writeAscii(out, end, '">')
      for (let index = 0; index < cells.length; index++) {
        const { validity, write } = cells[index]!
        if (validity !== undefined && (validity[row >> 3]! & (1 << (row & 7))) === 0) continue
        const start = starts[index]!
        end = copy(out, copy(out, end, start, start.length), digits, length)
        end = write(row, out, end)
      }
      return writeAscii(out, end, '</row>\n')
    },
  }
}

/** Letters of a column, from 0: A ... Z, AA ... XFD. */
export function columnName(index: number): string {
  const rest = Math.floor(index / 26)
  return (rest === 0 ? '' : columnName(rest - 1)) + String.fromCharCode(0x41 + (index % 26))
}

/** Room for the tags of a cell and a value of fixed layout. */
const mostCellOverhead = 160

interface Cell {
  readonly validity: Uint8Array | undefined
  /** Bytes of the value itself, when it has no fixed width. */
  readonly bound: ((row: number) => number) | undefined
  /** Appends what follows `<c r="A1`. */
  readonly write: WriteValue
}

type RowNumber = (row: number) => number

function cellOf(field: Field, column: Column, rows: number, rowNumber: RowNumber): Cell {
  const { validity } = column
  if (column.layout === 'fixed') return { validity, bound: undefined, write: fixedWriter(field, column) }
  const { offsets, bytes } = column
  if (field.type.kind === 'binary') {
    const bound = (row: number): number => 2 * (offsets[row + 1]! - offsets[row]!) + 2
    return { validity, bound, write: binaryWriter(field, column, rowNumber) }
  }
  if (field.type.kind !== 'decimal') refuseForeignText(column, rows, field, rowNumber, 'Excel')
  const bound = (row: number): number => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    // Longer ones are refused when they are written; of long ones the bytes are counted.
    if (to - from > mostCellBytes) return 0
    return to - from < countedBytes ? mostEscapedBytes * (to - from) : xmlTextLength(bytes, from, to)
  }
  const text = textWriter(field, column, rowNumber)
  return {
    validity,
    bound,
    write: field.type.kind === 'decimal' ? decimalWriter(field, column, text) : text,
  }
}

const countedBytes = 4 * 1024

function fixedWriter(field: Field, column: FixedColumn): WriteValue {
  const { type } = field
  switch (type.kind) {
    case 'boolean': {
      const values = column.values as Uint8Array
      return (row, out, at) => writeAscii(out, at, `" t="b"><v>${values[row] === 0 ? 0 : 1}</v></c>`)
    }
    case 'integer':
      return type.bits === 64 ? wideIntegers(column, type.unsigned === true) : integers(column)
    case 'float':
      return floats(column, type.bits === 32 ? float32Text : float64Text)
    case 'date':
      return dates(column)
    case 'timestamp':
      return timestamps(column, type.zoned)
    case 'decimal':
    case 'text':
    case 'binary':
    case 'json':
      throw new TypeError(`The column "${field.name}" is not laid out as its type says`)
  }
  return type satisfies never
}

function integers(column: FixedColumn): WriteValue {
  const values = column.values as Int32Array | Uint32Array
  const start = numberStart(style.integer)
  return (row, out, at) =>
    writeAscii(out, writeInteger(out, writeAscii(out, at, start), values[row]!), numberEnd)
}

function wideIntegers(column: FixedColumn, unsigned: boolean): WriteValue {
  const values = halves(column)
  const start = numberStart(style.integer)
  return (row, out, at) => {
    const low = values[2 * row]!
    const high = unsigned ? values[2 * row + 1]! >>> 0 : values[2 * row + 1]!
    const isNumber = Math.abs(high * 0x1_0000_0000 + (low >>> 0)) < leastTextInteger
    const end = writeAscii(out, at, isNumber ? start : textStart)
    return writeAscii(out, writeInteger64(out, end, low, high | 0, unsigned), isNumber ? numberEnd : textEnd)
  }
}

function floats({ values }: FixedColumn, textOf: (value: number) => string): WriteValue {
  const start = numberStart(style.plain)
  return (row, out, at) => {
    const value = values[row] as number
    const isNumber = isSheetFloat(value)
    const end = writeAscii(out, at, isNumber ? start : textStart)
    return writeAscii(out, writeAscii(out, end, textOf(value)), isNumber ? numberEnd : textEnd)
  }
}

function dates({ values }: FixedColumn): WriteValue {
  const start = numberStart(style.date)
  return (row, out, at) => {
    const days = values[row] as number
    const day = sheetDay(days)
    return day === undefined
      ? writeAscii(out, writeDate(out, writeAscii(out, at, textStart), days), textEnd)
      : writeAscii(out, writeInteger(out, writeAscii(out, at, start), day), numberEnd)
  }
}

function timestamps(column: FixedColumn, zoned: boolean): WriteValue {
  const values = halves(column)
  const start = numberStart(zoned ? style.instant : style.timestamp)
  return (row, out, at) => {
    const low = values[2 * row]!
    const high = values[2 * row + 1]!
    const moment = sheetMoment(low, high)
    if (moment !== undefined)
      return writeAscii(out, writeAscii(out, writeAscii(out, at, start), String(moment)), numberEnd)
    const end = writeAscii(out, at, textStart)
    return writeAscii(out, writeTimestamp(out, end, low, high, zoned, 'sql'), textEnd)
  }
}

function decimalWriter(field: Field, { offsets, bytes }: VariableColumn, asText: WriteValue): WriteValue {
  const start = numberStart(decimalStyle(field))
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (!isSheetDecimal(bytes, from, to)) return asText(row, out, at)
    let end = writeAscii(out, at, start)
    for (let index = from; index < to; index++) out[end++] = bytes[index]!
    return writeAscii(out, end, numberEnd)
  }
}

function textWriter(field: Field, { offsets, bytes }: VariableColumn, rowNumber: RowNumber): WriteValue {
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (
      to - from > mostCellCharacters &&
      (to - from > mostCellBytes || characterCount(bytes, from, to) > mostCellCharacters)
    )
      throw tooLong(field, rowNumber(row))
    // A reader of XML may drop blanks at the ends, unless it is told not to.
    const hasBlanks = to > from && (bytes[from]! <= 0x20 || bytes[to - 1]! <= 0x20)
    const end = writeAscii(out, at, hasBlanks ? blankTextStart : textStart)
    return writeAscii(out, writeXmlText(out, end, bytes, from, to), textEnd)
  }
}

function binaryWriter(field: Field, { offsets, bytes }: VariableColumn, rowNumber: RowNumber): WriteValue {
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (2 * (to - from) + 2 > mostCellCharacters) throw tooLong(field, rowNumber(row))
    const end = writeAscii(out, writeAscii(out, at, textStart), '\\x')
    return writeAscii(out, writeHex(out, end, bytes, from, to), textEnd)
  }
}

function tooLong({ name }: Field, row: number): Error {
  return fault(
    'xlsx-limit-exceeded',
    `Column "${name}" has more than ${mostCellCharacters} characters in row ${row}, which no cell of Excel can hold`,
    { path: 'output.format', fix: 'Shorten or leave out the column in the query, or choose another format' },
  )
}

const numberEnd = '</v></c>'
const numberStart = (place: number): string => (place === 0 ? '"><v>' : `" s="${place}"><v>`)
const textStart = `" s="${style.text}" t="inlineStr"><is><t>`
const blankTextStart = textStart.replace('<t>', '<t xml:space="preserve">')
const textEnd = '</t></is></c>'

/** Room that the widest start, value and end of a fixed layout may use, besides `<c r="XFD1048576`. */
const widest = blankTextStart.length + textEnd.length + Math.max(dateWidth, timestampWidth, integerWidth)
if (widest + 20 > mostCellOverhead) throw new RangeError('A cell has too little room')

const encoder = new TextEncoder()

function copy(out: Uint8Array, at: number, bytes: Uint8Array, length: number): number {
  for (let index = 0; index < length; index++) out[at + index] = bytes[index]!
  return at + length
}
