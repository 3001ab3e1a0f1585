import type {
  Column,
  ColumnsBatch,
  CsvOptions,
  Field,
  FixedColumn,
  VariableColumn,
} from '@bulkhead/connector-sdk'
import { createQuoting, quote, quotedText, writeQuoted, type Quoting } from './csv-quoting.ts'
import { createRowFormatter, type RowFormatter, type RowWriter } from './row-formatter.ts'
import { textWidth, valueWriter, writeHex, type WriteValue } from './value-text.ts'

/**
 * CSV by the rules of PostgreSQL's `COPY ... CSV HEADER`, to the byte, in UTF-8. Works on the bytes of
 * the columns: a JavaScript string per value would cost more than everything else together.
 *
 * `quote: all` is PostgreSQL's `FORCE_QUOTE *`: every value that is not null, and not the header.
 *
 * @see https://www.postgresql.org/docs/15/sql-copy.html, section "CSV Format"
 */
export function createCsvFormatter(fields: readonly Field[], csv: CsvOptions): RowFormatter {
  const quoting = createQuoting(csv, fields.length)
  const lineEnd = new TextEncoder().encode(csv.lineEnding === 'crlf' ? '\r\n' : '\n')
  return createRowFormatter(headerOf(fields, csv, quoting, lineEnd), (batch) =>
    rowWriter(fields, batch, csv, quoting, lineEnd),
  )
}

function rowWriter(
  fields: readonly Field[],
  batch: ColumnsBatch,
  csv: CsvOptions,
  quoting: Quoting,
  lineEnd: Uint8Array,
): RowWriter {
  const cells = fields.map((field, index) => cellWriter(field, batch.columns[index]!, csv, quoting))
  const separators = quoting.delimiter.length * fields.length + lineEnd.length
  const fixed = separators + fields.reduce((sum, field) => sum + fixedBound(field, quoting), 0)
  const variable = batch.columns.filter((column) => column.layout === 'variable')
  const { delimiter } = quoting
  return {
    bound(row) {
      let bytes = fixed
      for (const column of variable) bytes += quotedBound(column, row)
      return bytes
    },
    write(row, out, at) {
      let end = at
      for (let index = 0; index < cells.length; index++) {
        if (index > 0) end = writeBytes(out, end, delimiter)
        end = cells[index]!(row, out, end)
      }
      return writeBytes(out, end, lineEnd)
    },
  }
}

/** What every value may take besides its own bytes: its text when the layout is fixed, null text, quotes, guard, `\x`. */
function fixedBound({ type, booleanText }: Field, quoting: Quoting): number {
  const around = quoting.nullText.length + 5
  switch (type.kind) {
    case 'boolean':
      return around + 6 * Math.max(5, ...(booleanText ?? []).map((text) => text.length))
    case 'integer':
    case 'float':
    case 'date':
    case 'timestamp':
      return around + textWidth(type)
    case 'decimal':
    case 'text':
    case 'json':
    case 'binary':
      return around
  }
  return type satisfies never
}

/** Long values are counted, so that one of many megabytes does not take a buffer of twice its size. */
const countedBytes = 16 * 1024

/** Twice the bytes: each may be a quote, and binary takes two digits a byte. */
function quotedBound({ offsets, bytes }: VariableColumn, row: number): number {
  const from = offsets[row]!
  const to = offsets[row + 1]!
  if (to - from < countedBytes) return 2 * (to - from)
  let quotes = 0
  for (let index = from; index < to; index++) if (bytes[index] === quote) quotes++
  return to - from + quotes
}

function cellWriter(field: Field, column: Column, csv: CsvOptions, quoting: Quoting): WriteValue {
  const write = presentWriter(field, column, csv, quoting)
  const { validity } = column
  if (validity === undefined) return write
  const { nullText } = quoting
  return (row, out, at) =>
    (validity[row >> 3]! & (1 << (row & 7))) === 0 ? writeBytes(out, at, nullText) : write(row, out, at)
}

function presentWriter(field: Field, column: Column, csv: CsvOptions, quoting: Quoting): WriteValue {
  const { type } = field
  switch (type.kind) {
    case 'boolean':
      return booleanWriter(field, column as FixedColumn, quoting)
    case 'integer':
    case 'float':
    case 'date':
    case 'timestamp':
      return checked(valueWriter(type, column as FixedColumn, 'sql'), csv, quoting)
    case 'binary':
      return checked(binaryWriter(column as VariableColumn), csv, quoting)
    case 'decimal':
      return textWriter(column as VariableColumn, quoting)
    case 'text':
      return csv.formulaGuard
        ? guarded(column as VariableColumn, quoting, formulaStarts)
        : textWriter(column as VariableColumn, quoting)
    case 'json':
      // JSON that begins with a minus is a number; only white space before it can be dangerous.
      return csv.formulaGuard
        ? guarded(column as VariableColumn, quoting, jsonFormulaStarts)
        : textWriter(column as VariableColumn, quoting)
  }
  return type satisfies never
}

function textWriter({ offsets, bytes }: VariableColumn, quoting: Quoting): WriteValue {
  const { special, needsQuotes } = quoting
  const always = quoting.always ? 1 : 0
  // A value that is not longer may be the null text or `\.`.
  const suspicious = Math.max(quoting.nullText.length, 2)
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    let flags = always
    let end = at
    for (let index = from; index < to; index++) {
      const byte = bytes[index]!
      out[end++] = byte
      flags |= special[byte]!
    }
    if (flags === 0 && to - from > suspicious) return end
    return always === 1 || needsQuotes(bytes, from, to) ? writeQuoted(out, at, bytes, from, to) : end
  }
}

/** What a spreadsheet takes for the beginning of a formula. @see OWASP, "CSV Injection" */
const formulaStarts = new Set(['=', '+', '-', '@', '\t', '\r'].map((start) => start.charCodeAt(0)))
const jsonFormulaStarts = new Set(['\t', '\r'].map((start) => start.charCodeAt(0)))
const apostrophe = 0x27

function guarded(column: VariableColumn, quoting: Quoting, starts: ReadonlySet<number>): WriteValue {
  const { offsets, bytes } = column
  const write = textWriter(column, quoting)
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (from === to || !starts.has(bytes[from]!)) return write(row, out, at)
    const value = guardedBytes(bytes.subarray(from, to))
    return quoting.always || quoting.needsQuotes(value, 0, value.length)
      ? writeQuoted(out, at, value, 0, value.length)
      : writeBytes(out, at, value)
  }
}

function guardedBytes(bytes: Uint8Array): Uint8Array {
  const value = new Uint8Array(bytes.length + 1)
  value[0] = apostrophe
  value.set(bytes, 1)
  return value
}

function booleanWriter({ booleanText }: Field, column: FixedColumn, quoting: Quoting): WriteValue {
  const [no, yes] = (booleanText ?? ['false', 'true']).map((text) =>
    quotedText(text, quoting, quoting.always),
  )
  const values = column.values as Uint8Array
  return (row, out, at) => writeBytes(out, at, values[row] === 0 ? no! : yes!)
}

function binaryWriter({ offsets, bytes }: VariableColumn): WriteValue {
  return (row, out, at) => {
    out[at] = 0x5c
    out[at + 1] = 0x78
    return writeHex(out, at + 2, bytes, offsets[row]!, offsets[row + 1]!)
  }
}

/** Every character that the text of a number, date, timestamp or binary value may have. */
const plainText = /^[-+.: \\0-9A-Za-z]+$/

/** Numbers and dates need quotes only with an unusual delimiter or null text; they never hold a quote. */
function checked(write: WriteValue, csv: CsvOptions, quoting: Quoting): WriteValue {
  if (!quoting.always && !plainText.test(csv.delimiter) && !plainText.test(csv.nullText)) return write
  return (row, out, at) => {
    const end = write(row, out, at)
    if (!quoting.always && !quoting.needsQuotes(out, at, end)) return end
    out.copyWithin(at + 1, at, end)
    out[at] = quote
    out[end + 1] = quote
    return end + 2
  }
}

function headerOf(
  fields: readonly Field[],
  csv: CsvOptions,
  quoting: Quoting,
  lineEnd: Uint8Array,
): Uint8Array {
  if (!csv.header) return new Uint8Array(0)
  const guard = (name: string): string =>
    csv.formulaGuard && formulaStarts.has(name.charCodeAt(0)) ? `'${name}` : name
  const names = fields.map(({ name }) => quotedText(guard(name), quoting))
  return Buffer.concat([
    ...names.flatMap((name, index) => (index === 0 ? [name] : [quoting.delimiter, name])),
    lineEnd,
  ])
}

/** Appends a few bytes; for these a loop is faster than `set`. */
function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let index = 0; index < bytes.length; index++) out[at + index] = bytes[index]!
  return at + bytes.length
}
