import type { ColumnType } from './column-type.ts'
import { parseDate, parseMoment } from './moment.ts'
import { epochMicros, fitsDecimal, plainDecimal, wholeNumber } from './number-text.ts'

/** A value on its way into a column: a number or bigint for a fixed layout, bytes for a variable one. */
export type Cell = null | number | bigint | Uint8Array

/**
 * Reads the JSON value that stands from `start` to `end`.
 * @returns undefined when it is not what the column says
 */
export type ReadCell = (json: Uint8Array, start: number, end: number) => Cell | undefined

/** How values of a type are read, and what they must be, as what follows "must be". */
export function cellReader(type: ColumnType): { readonly read: ReadCell; readonly expected: string } {
  const { logical } = type
  switch (logical.kind) {
    case 'boolean':
      return {
        expected: 'true or false',
        read: (json, start, end) => {
          const text = latin1(json, start, end)
          return text === 'null' ? null : text === 'true' ? 1 : text === 'false' ? 0 : undefined
        },
      }
    case 'integer': {
      const { bits, unsigned = false } = logical
      const least = unsigned ? 0n : -(1n << BigInt(bits - 1))
      const most = unsigned ? (1n << BigInt(bits)) - 1n : (1n << BigInt(bits - 1)) - 1n
      return {
        expected: `a whole number from ${least} to ${most}, also as text`,
        read: numeric((text) => {
          const whole = wholeNumber(text)
          if (whole === undefined || whole < least || whole > most) return undefined
          return bits === 64 ? whole : Number(whole)
        }),
      }
    }
    case 'float':
      return {
        expected: `a number that ${logical.bits} bits can hold, also as text`,
        read: numeric((text) => {
          const value = plainNumber.test(text) ? Number(text) : Number.NaN
          const held = logical.bits === 32 ? Math.fround(value) : value
          // Too large, or so small that nothing of it would be left.
          if (!Number.isFinite(held) || (held === 0 && /^[^eE]*[1-9]/.test(text))) return undefined
          return held
        }),
      }
    case 'decimal': {
      const { precision, scale = 0 } = logical
      const bound =
        precision === undefined ? '' : ` of at most ${precision} digits, ${scale} of them behind the point`
      return {
        expected: `a decimal number${bound}, also as text`,
        read: numeric((text) => {
          const plain = plainDecimal(text)
          if (plain === undefined || (precision !== undefined && !fitsDecimal(plain, precision, scale)))
            return undefined
          return Buffer.from(plain, 'latin1')
        }),
      }
    }
    case 'text':
      return { expected: 'text of whole characters, a number, true or false', read: readText }
    case 'binary':
      return {
        expected: 'bytes in Base64, as text',
        read: textual((text) =>
          /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?$/.test(text)
            ? Buffer.from(text, 'base64')
            : undefined,
        ),
      }
    case 'date':
      return { expected: 'a date such as 2026-10-31', read: textual(parseDate) }
    case 'timestamp': {
      const { epochMicros: unit } = type
      if (unit !== undefined)
        return {
          expected: `${unit === 1000n ? 'milliseconds' : 'seconds'} since 1970, without a fraction of a microsecond`,
          read: numeric((text) => inRange(epochMicros(text, unit))),
        }
      return {
        expected: logical.zoned
          ? 'a moment such as 2026-10-31T08:15:00Z, with its zone and without a fraction of a microsecond'
          : 'a moment such as 2026-10-31T08:15:00, without a zone and without a fraction of a microsecond',
        read: textual((text) => inRange(parseMoment(text, logical.zoned))),
      }
    }
    case 'json':
      return {
        expected: 'JSON',
        // null of JSON is null of the column: the two read alike in every format
        read: (json, start, end) => (isNull(json, start) ? null : json.subarray(start, end)),
      }
    default:
      return logical satisfies never
  }
}

const plainNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

/** The smallest and largest 64-bit values stand for infinity. */
function inRange(micros: bigint | undefined): bigint | undefined {
  return micros === undefined || micros <= -(1n << 63n) || micros >= (1n << 63n) - 1n ? undefined : micros
}

/** A number, or a text that is one: many APIs send large numbers as text, so that JavaScript does not round them. */
function numeric(convert: (text: string) => Cell | undefined): ReadCell {
  return (json, start, end) => {
    if (isNull(json, start)) return null
    const isText = json[start] === 0x22
    return convert(isText ? latin1(json, start + 1, end - 1) : latin1(json, start, end))
  }
}

function textual(convert: (text: string) => Cell | undefined): ReadCell {
  return (json, start, end) => {
    if (isNull(json, start)) return null
    if (json[start] !== 0x22) return undefined
    const bytes = textBytes(json, start, end)
    return bytes === undefined ? undefined : convert(latin1(bytes, 0, bytes.length))
  }
}

function readText(json: Uint8Array, start: number, end: number): Cell | undefined {
  const first = json[start]
  if (first === 0x22) return textBytes(json, start, end)
  if (first === 0x6e) return null
  // numbers, true and false as they are written
  return first === 0x7b || first === 0x5b ? undefined : json.subarray(start, end)
}

/** The text of a JSON string in UTF-8; undefined when it has half a character (a lone surrogate). */
function textBytes(json: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const inside = json.subarray(start + 1, end - 1)
  if (!inside.includes(0x5c)) return inside
  const text = JSON.parse(
    Buffer.from(json.buffer, json.byteOffset + start, end - start).toString('utf8'),
  ) as string
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined
}

function isNull(json: Uint8Array, start: number): boolean {
  return json[start] === 0x6e
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
