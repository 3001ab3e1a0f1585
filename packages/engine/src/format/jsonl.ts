import type { Column, ColumnsBatch, Field, FixedColumn, VariableColumn } from '@bulkhead/connector-sdk'
import { escapedLength, isJsonNumber, writeEscaped } from './json-text.ts'
import { createRowFormatter, type RowFormatter, type RowWriter } from './row-formatter.ts'
import { textWidth, valueWriter, writeHex, type WriteValue } from './value-text.ts'

/**
 * JSON Lines with what PostgreSQL's `row_to_json` writes: numbers raw and exact, what is no JSON
 * number (`NaN`, `Infinity`) in quotes, timestamps with `T`, binary as `\x` and digits, JSON as it is.
 * A row is always one line: line breaks of a JSON value, which can only stand between its tokens,
 * become spaces. That it is JSON is the source's promise; the engine checks what the application's
 * code returns, and not again what comes from a database.
 *
 * @see https://www.postgresql.org/docs/15/functions-json.html
 */
export function createJsonlFormatter(fields: readonly Field[]): RowFormatter {
  const [only, ...others] = fields
  if (only?.isRecord === true && others.length === 0)
    return createRowFormatter(new Uint8Array(0), (batch) => recordWriter(only, batch))
  const keys = fields.map(({ name }, index) => encoder.encode(`${index === 0 ? '{' : ','}${keyText(name)}:`))
  return createRowFormatter(new Uint8Array(0), (batch) => rowWriter(fields, keys, batch))
}

const encoder = new TextEncoder()

/** A name as JSON text, escaped as values are. */
function keyText(name: string): string {
  const bytes = encoder.encode(name)
  const out = new Uint8Array(6 * bytes.length)
  return `"${new TextDecoder().decode(out.subarray(0, writeEscaped(out, 0, bytes, 0, bytes.length)))}"`
}

/** The only column is the record: its value is the line. */
function recordWriter(field: Field, batch: ColumnsBatch): RowWriter {
  const column = batch.columns[0]!
  const cell = cellWriter(field, column)
  const fixed = 1 + fixedBound(field)
  const bounds = variableBound(field, column)
  return {
    bound: (row) => bounds.reduce((sum, boundOf) => sum + boundOf(row), fixed),
    write(row, out, at) {
      const end = cell(row, out, at)
      out[end] = 0x0a
      return end + 1
    },
  }
}

function rowWriter(fields: readonly Field[], keys: readonly Uint8Array[], batch: ColumnsBatch): RowWriter {
  const cells = fields.map((field, index) => cellWriter(field, batch.columns[index]!))
  const fixed =
    3 +
    keys.reduce((sum, key) => sum + key.length, 0) +
    fields.reduce((sum, field) => sum + fixedBound(field), 0)
  const bounds = fields.flatMap((field, index) => variableBound(field, batch.columns[index]!))
  return {
    bound(row) {
      let bytes = fixed
      for (const boundOf of bounds) bytes += boundOf(row)
      return bytes
    },
    write(row, out, at) {
      let end = at
      for (let index = 0; index < cells.length; index++) {
        const key = keys[index]!
        for (let position = 0; position < key.length; position++) out[end++] = key[position]!
        end = cells[index]!(row, out, end)
      }
      if (cells.length === 0) out[end++] = 0x7b
      out[end] = 0x7d
      out[end + 1] = 0x0a
      return end + 2
    },
  }
}

/** Room for a value besides its own bytes: its text when the layout is fixed, `null`, quotes, `\\x`. */
function fixedBound({ type }: Field): number {
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'date':
    case 'timestamp':
      return textWidth(type) + 2
    case 'boolean':
    case 'decimal':
    case 'text':
    case 'json':
    case 'binary':
      return 6
  }
  return type satisfies never
}

/** Long texts are counted, so that one of many megabytes does not take a buffer of six times its size. */
const countedBytes = 16 * 1024

function variableBound({ type }: Field, column: Column): ((row: number) => number)[] {
  if (column.layout === 'fixed') return []
  const { offsets, bytes } = column
  switch (type.kind) {
    case 'binary':
      return [(row) => 2 * (offsets[row + 1]! - offsets[row]!)]
    case 'text':
      return [
        (row) => {
          const from = offsets[row]!
          const to = offsets[row + 1]!
          if (to - from < countedBytes) return 6 * (to - from)
          let escapes = 0
          for (let index = from; index < to; index++) escapes += escapedLength[bytes[index]!]!
          return escapes
        },
      ]
    case 'boolean':
    case 'integer':
    case 'float':
    case 'date':
    case 'timestamp':
    case 'decimal':
    case 'json':
      return [(row) => offsets[row + 1]! - offsets[row]!]
  }
  return type satisfies never
}

function cellWriter(field: Field, column: Column): WriteValue {
  const write = presentWriter(field, column)
  const { validity } = column
  if (validity === undefined) return write
  return (row, out, at) => {
    if ((validity[row >> 3]! & (1 << (row & 7))) !== 0) return write(row, out, at)
    out[at] = 0x6e
    out[at + 1] = 0x75
    out[at + 2] = 0x6c
    out[at + 3] = 0x6c
    return at + 4
  }
}

function presentWriter({ type }: Field, column: Column): WriteValue {
  switch (type.kind) {
    case 'boolean': {
      const values = (column as FixedColumn).values as Uint8Array
      return (row, out, at) => writeBytes(out, at, values[row] === 0 ? no : yes)
    }
    case 'integer':
      return valueWriter(type, column as FixedColumn, 'json')
    case 'float': {
      const write = valueWriter(type, column as FixedColumn, 'json')
      const values = (column as FixedColumn).values as Float64Array | Float32Array
      const quoted = inQuotes(write)
      return (row, out, at) => (Number.isFinite(values[row]!) ? write : quoted)(row, out, at)
    }
    case 'date':
    case 'timestamp':
      return inQuotes(valueWriter(type, column as FixedColumn, 'json'))
    case 'decimal':
      return decimalWriter(column as VariableColumn)
    case 'text':
      return textWriter(column as VariableColumn)
    case 'json':
      return jsonWriter(column as VariableColumn)
    case 'binary':
      return binaryWriter(column as VariableColumn)
  }
  return type satisfies never
}

const yes = encoder.encode('true')
const no = encoder.encode('false')

function inQuotes(write: WriteValue): WriteValue {
  return (row, out, at) => {
    out[at] = 0x22
    const end = write(row, out, at + 1)
    out[end] = 0x22
    return end + 1
  }
}

function textWriter({ offsets, bytes }: VariableColumn): WriteValue {
  return (row, out, at) => {
    out[at] = 0x22
    const end = writeEscaped(out, at + 1, bytes, offsets[row]!, offsets[row + 1]!)
    out[end] = 0x22
    return end + 1
  }
}

/** Decimals are exact text already; `NaN`, `Infinity` and whatever else is no JSON number go in quotes. */
function decimalWriter({ offsets, bytes }: VariableColumn): WriteValue {
  return (row, out, at) => {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (isJsonNumber(bytes, from, to)) return writeRange(out, at, bytes, from, to)
    out[at] = 0x22
    const end = writeRange(out, at + 1, bytes, from, to)
    out[end] = 0x22
    return end + 1
  }
}

function jsonWriter({ offsets, bytes }: VariableColumn): WriteValue {
  return (row, out, at) => {
    let end = at
    for (let index = offsets[row]!, to = offsets[row + 1]!; index < to; index++) {
      const byte = bytes[index]!
      out[end++] = byte === 0x0a || byte === 0x0d ? 0x20 : byte
    }
    return end
  }
}

function binaryWriter({ offsets, bytes }: VariableColumn): WriteValue {
  const prefix = encoder.encode('"\\\\x')
  return (row, out, at) => {
    const end = writeHex(out, writeBytes(out, at, prefix), bytes, offsets[row]!, offsets[row + 1]!)
    out[end] = 0x22
    return end + 1
  }
}

function writeRange(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let end = at
  for (let index = from; index < to; index++) out[end++] = bytes[index]!
  return end
}

function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  return writeRange(out, at, bytes, 0, bytes.length)
}
