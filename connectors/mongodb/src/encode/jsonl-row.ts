import { floatJson } from '@bulkhead/connector-sdk'
import type { Columns } from '../columns/column.ts'
import {
  binaryRange,
  toBoolean,
  toDecimal,
  toFloat,
  toInteger,
  toMilliseconds,
  writeText,
} from '../columns/convert.ts'
import { RowReader } from '../columns/row-reader.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { isoText } from './date-text.ts'
import type { ExtendedJson } from './extended-json.ts'
import type { WriteLine } from './jsonl-batches.ts'
import { writeJsonText } from './json-text.ts'
import { isJsonNumber } from './number-text.ts'

/**
 * A flat table as JSON Lines, with the bytes that the platform makes of the same columns: numbers raw
 * and exact, what is no JSON number in quotes, timestamps with `T` and offset, binary as `\x` and digits.
 */
export function jsonlRow(columns: Columns, json: ExtendedJson): WriteLine {
  const reader = new RowReader(columns)
  const names = columns.columns.map(({ name }) => name)
  const keys = [...names, ...(columns.rest === undefined ? [] : [columns.rest])].map(
    (name, index) => `${index === 0 ? '{' : ','}${keyText(name)}:`,
  )
  const encoded = keys.map((key) => new TextEncoder().encode(key))
  const text = new ByteBuffer(1024)
  const writeKey = (out: ByteBuffer, index: number): void => {
    const key = encoded[index]!
    out.range(key, 0, key.length)
  }

  function writeCell(out: ByteBuffer, index: number, bytes: Uint8Array): void {
    const column = columns.columns[index]!
    const type = reader.types[index]!
    if (type === 0) return out.ascii('null')
    const at = reader.starts[index]!
    const end = reader.ends[index]!
    switch (column.type) {
      case 'integer':
        return out.ascii(toInteger(column, bytes, type, at).toString())
      case 'float':
        return out.ascii(floatJson(toFloat(column, bytes, type, at), 64))
      case 'decimal':
        return out.ascii(quotedUnlessNumber(toDecimal(column, bytes, type, at)))
      case 'boolean':
        return out.ascii(toBoolean(column, bytes, type, at) ? 'true' : 'false')
      case 'timestamp':
        return out.ascii(`"${timestampText(toMilliseconds(column, bytes, type, at))}"`)
      case 'json':
        json.value(out, bytes, type, at)
        return
      case 'binary':
        out.ascii('"\\\\x')
        out.hex(bytes, ...binaryRange(column, bytes, type, at, end))
        return out.byte(0x22)
      case 'text':
        text.length = 0
        writeText(column, text, bytes, type, at, end)
        return writeJsonText(out, text.bytes, 0, text.length)
    }
    column.type satisfies never
  }

  return (out, bytes, at) => {
    reader.read(bytes, at)
    for (let index = 0; index < names.length; index++) {
      writeKey(out, index)
      writeCell(out, index, bytes)
    }
    if (columns.rest !== undefined) {
      writeKey(out, names.length)
      if (!reader.writeRest(out, json, bytes)) out.ascii('null')
    }
    out.byte(0x7d)
  }
}

function keyText(name: string): string {
  const out = new ByteBuffer(64)
  const bytes = new TextEncoder().encode(name)
  writeJsonText(out, bytes, 0, bytes.length)
  return new TextDecoder().decode(out.take())
}

function quotedUnlessNumber(text: string): string {
  return isJsonNumber(text) ? text : `"${text}"`
}

/** `2026-10-31T08:15:00.25+00:00`; years before 1 and beyond 9999 as PostgreSQL has them. */
function timestampText(ms: number): string {
  if (ms < -62_135_596_800_000 || ms > 253_402_300_799_999) return farTimestampText(ms)
  return isoText(ms)
    .replace(/(\.\d*?)0*Z$/, '$1Z')
    .replace('Z', '+00:00')
}

const eraMs = 146_097 * 86_400_000

/** The calendar repeats itself every 400 years, which is what `Date` lacks beyond 275760. */
function farTimestampText(ms: number): string {
  const eras = Math.floor(ms / eraMs)
  const date = new Date(ms - eras * eraMs)
  const year = date.getUTCFullYear() + 400 * eras
  const rest = date
    .toISOString()
    .slice(4, -1)
    .replace(/\.?0+$/, '')
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${shown}${rest}+00:00${year > 0 ? '' : ' BC'}`
}
