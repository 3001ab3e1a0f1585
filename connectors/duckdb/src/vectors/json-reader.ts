import { floatJson } from '@bulkhead/connector-sdk'
import {
  DuckDBBitValue,
  DuckDBIntervalValue,
  DuckDBTimeTZValue,
  DuckDBTypeId,
  type DuckDBEnumType,
  type DuckDBStructType,
  type DuckDBType,
} from '@duckdb/node-api'
import {
  arrayChild,
  dataOf,
  isSet,
  listChild,
  numbersOf,
  structChild,
  validityOf,
  type VectorHandle,
} from './raw-vector.ts'
import { bytesAt, stringsOf, textAt } from './strings.ts'
import { bignumText, dateText, decimalText, int128, timestampText, timeText, uuidText } from './value-text.ts'

/** Reads values of one vector as text; made anew for every vector, valid as long as its chunk. */
export type TextAt = (row: number) => string

/**
 * Values as JSON, exact: whole numbers and decimals with all their digits, dates and the like as ISO 8601 texts, bytes
 * as `\x` and hexadecimal digits, unions as `{ "tag": value }`, maps with keys as texts.
 */
export function jsonReader(type: DuckDBType, vector: VectorHandle, rows: number): TextAt {
  const validity = validityOf(vector, rows)
  const read = valueReader(type, vector, validity, rows)
  return (row) => (isSet(validity, row) ? read(row) : 'null')
}

function valueReader(
  type: DuckDBType,
  vector: VectorHandle,
  validity: Uint8Array | undefined,
  rows: number,
): TextAt {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are alike
  switch (type.typeId) {
    case DuckDBTypeId.LIST: {
      const offsets = numbersOf(BigUint64Array, vector, rows * 2)
      const child = listChild(vector)
      const item = jsonReader(type.valueType, child.vector, child.rows)
      return (row) => sequence(item, Number(offsets[row * 2]), Number(offsets[row * 2 + 1]))
    }
    case DuckDBTypeId.ARRAY: {
      const item = jsonReader(type.valueType, arrayChild(vector), rows * type.length)
      return (row) => sequence(item, row * type.length, type.length)
    }
    case DuckDBTypeId.STRUCT:
      return structReader(type, vector, rows)
    case DuckDBTypeId.MAP: {
      const offsets = numbersOf(BigUint64Array, vector, rows * 2)
      const entries = listChild(vector)
      const key = jsonReader(type.keyType, structChild(entries.vector, 0), entries.rows)
      const value = jsonReader(type.valueType, structChild(entries.vector, 1), entries.rows)
      return (row) => {
        const start = Number(offsets[row * 2])
        const end = start + Number(offsets[row * 2 + 1])
        const parts: string[] = []
        for (let at = start; at < end; at++) parts.push(`${keyText(key(at))}:${value(at)}`)
        return `{${parts.join(',')}}`
      }
    }
    case DuckDBTypeId.UNION: {
      const tags = dataOf(structChild(vector, 0), rows)
      const members = type.memberTypes.map((member, index) =>
        jsonReader(member, structChild(vector, index + 1), rows),
      )
      const names = type.memberTags.map((tag) => JSON.stringify(tag))
      return (row) => `{${names[tags[row] ?? 0]}:${members[tags[row] ?? 0]?.(row) ?? 'null'}}`
    }
    case DuckDBTypeId.VARCHAR: {
      const strings = stringsOf(vector, validity, rows)
      // Text of type JSON is one value already; DuckDB has checked it.
      return type.alias === 'JSON'
        ? (row) => textAt(strings, row)
        : (row) => JSON.stringify(textAt(strings, row))
    }
    case DuckDBTypeId.BLOB:
    case DuckDBTypeId.GEOMETRY: {
      const strings = stringsOf(vector, validity, rows)
      return (row) => `"\\\\x${Buffer.from(bytesAt(strings, row)).toString('hex')}"`
    }
    case DuckDBTypeId.BOOLEAN: {
      const values = dataOf(vector, rows)
      return (row) => (values[row] === 0 ? 'false' : 'true')
    }
    case DuckDBTypeId.DATE:
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return quoted(dateTimeReader(type, vector, rows))
    case DuckDBTypeId.TIME:
    case DuckDBTypeId.TIME_NS:
    case DuckDBTypeId.TIME_TZ:
    case DuckDBTypeId.INTERVAL:
    case DuckDBTypeId.UUID:
    case DuckDBTypeId.BIT:
    case DuckDBTypeId.ENUM:
      return quoted(plainReader(type, vector, rows))
    default:
      return plainReader(type, vector, rows)
  }
}

/**
 * Values as they stand in a column of text or decimals: numbers of any size, times, intervals, UUIDs, bits, enums.
 * Nulls give any text.
 */
export function plainReader(type: DuckDBType, vector: VectorHandle, rows: number): TextAt {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others are alike
  switch (type.typeId) {
    case DuckDBTypeId.TINYINT:
      return numbers(numbersOf(Int8Array, vector, rows))
    case DuckDBTypeId.UTINYINT:
      return numbers(dataOf(vector, rows))
    case DuckDBTypeId.SMALLINT:
      return numbers(numbersOf(Int16Array, vector, rows))
    case DuckDBTypeId.USMALLINT:
      return numbers(numbersOf(Uint16Array, vector, rows))
    case DuckDBTypeId.INTEGER:
      return numbers(numbersOf(Int32Array, vector, rows))
    case DuckDBTypeId.UINTEGER:
      return numbers(numbersOf(Uint32Array, vector, rows))
    case DuckDBTypeId.BIGINT:
      return numbers(numbersOf(BigInt64Array, vector, rows))
    case DuckDBTypeId.UBIGINT:
      return numbers(numbersOf(BigUint64Array, vector, rows))
    case DuckDBTypeId.FLOAT: {
      const values = numbersOf(Float32Array, vector, rows)
      return (row) => floatJson(values[row] ?? 0, 32)
    }
    case DuckDBTypeId.DOUBLE: {
      const values = numbersOf(Float64Array, vector, rows)
      return (row) => floatJson(values[row] ?? 0, 64)
    }
    case DuckDBTypeId.HUGEINT: {
      const [low, high] = [
        numbersOf(BigUint64Array, vector, rows * 2),
        numbersOf(BigInt64Array, vector, rows * 2),
      ]
      return (row) => int128(low[row * 2] ?? 0n, high[row * 2 + 1] ?? 0n).toString()
    }
    case DuckDBTypeId.UHUGEINT: {
      const words = numbersOf(BigUint64Array, vector, rows * 2)
      return (row) => int128(words[row * 2] ?? 0n, words[row * 2 + 1] ?? 0n).toString()
    }
    case DuckDBTypeId.DECIMAL:
      return decimalReader(type.width, type.scale, vector, rows)
    case DuckDBTypeId.TIME: {
      const values = numbersOf(BigInt64Array, vector, rows)
      return (row) => timeText(values[row] ?? 0n, 1_000_000n)
    }
    case DuckDBTypeId.TIME_NS: {
      const values = numbersOf(BigInt64Array, vector, rows)
      return (row) => timeText(values[row] ?? 0n, 1_000_000_000n)
    }
    case DuckDBTypeId.TIME_TZ: {
      const values = numbersOf(BigUint64Array, vector, rows)
      return (row) => DuckDBTimeTZValue.fromBits(values[row] ?? 0n).toString()
    }
    case DuckDBTypeId.INTERVAL: {
      // 4 bytes of months, 4 of days, 8 of microseconds.
      const parts = numbersOf(Int32Array, vector, rows * 4)
      const micros = numbersOf(BigInt64Array, vector, rows * 2)
      return (row) =>
        new DuckDBIntervalValue(
          parts[row * 4] ?? 0,
          parts[row * 4 + 1] ?? 0,
          micros[row * 2 + 1] ?? 0n,
        ).toString()
    }
    case DuckDBTypeId.UUID: {
      const [low, high] = [
        numbersOf(BigUint64Array, vector, rows * 2),
        numbersOf(BigInt64Array, vector, rows * 2),
      ]
      return (row) => uuidText(low[row * 2] ?? 0n, high[row * 2 + 1] ?? 0n)
    }
    case DuckDBTypeId.ENUM: {
      const index = enumIndexes(type, vector, rows)
      return (row) => type.values[index[row] ?? 0] ?? ''
    }
    case DuckDBTypeId.BIT: {
      const strings = stringsOf(vector, validityOf(vector, rows), rows)
      return (row) => new DuckDBBitValue(bytesAt(strings, row)).toString()
    }
    case DuckDBTypeId.BIGNUM: {
      const strings = stringsOf(vector, validityOf(vector, rows), rows)
      return (row) => bignumText(bytesAt(strings, row))
    }
    case DuckDBTypeId.SQLNULL:
      return () => ''
    default:
      throw new Error(`No reader for the type ${type.toString()}`)
  }
}

function structReader(type: DuckDBStructType, vector: VectorHandle, rows: number): TextAt {
  const members = type.entryTypes.map((member, index) => jsonReader(member, structChild(vector, index), rows))
  // `row(1, 2)` has no names: an array loses none of its values.
  if (type.entryNames.every((name) => name === '')) {
    return (row) => `[${members.map((member) => member(row)).join(',')}]`
  }
  const names = type.entryNames.map((name) => JSON.stringify(name))
  return (row) => `{${members.map((member, index) => `${names[index]}:${member(row)}`).join(',')}}`
}

function dateTimeReader(type: DuckDBType, vector: VectorHandle, rows: number): TextAt {
  if (type.typeId === DuckDBTypeId.DATE) {
    const days = numbersOf(Int32Array, vector, rows)
    return (row) => dateText(days[row] ?? 0)
  }
  const values = numbersOf(BigInt64Array, vector, rows)
  const zone = type.typeId === DuckDBTypeId.TIMESTAMP_TZ ? '+00:00' : ''
  const perSecond = {
    [DuckDBTypeId.TIMESTAMP_S]: 1n,
    [DuckDBTypeId.TIMESTAMP_MS]: 1000n,
    [DuckDBTypeId.TIMESTAMP_NS]: 1_000_000_000n,
  }[type.typeId as number]
  return (row) => timestampText(values[row] ?? 0n, perSecond ?? 1_000_000n, zone)
}

function decimalReader(width: number, scale: number, vector: VectorHandle, rows: number): TextAt {
  if (width <= 4) return scaled(numbersOf(Int16Array, vector, rows), scale)
  if (width <= 9) return scaled(numbersOf(Int32Array, vector, rows), scale)
  if (width <= 18) return scaled(numbersOf(BigInt64Array, vector, rows), scale)
  const [low, high] = [
    numbersOf(BigUint64Array, vector, rows * 2),
    numbersOf(BigInt64Array, vector, rows * 2),
  ]
  return (row) => decimalText(int128(low[row * 2] ?? 0n, high[row * 2 + 1] ?? 0n), scale)
}

function scaled(values: { readonly [row: number]: number | bigint }, scale: number): TextAt {
  return (row) => decimalText(values[row] ?? 0, scale)
}

function numbers(values: { readonly [row: number]: number | bigint }): TextAt {
  return (row) => String(values[row] ?? 0)
}

function enumIndexes(
  type: DuckDBEnumType,
  vector: VectorHandle,
  rows: number,
): { readonly [row: number]: number | undefined } {
  if (type.internalTypeId === DuckDBTypeId.UTINYINT) return numbersOf(Uint8Array, vector, rows)
  if (type.internalTypeId === DuckDBTypeId.USMALLINT) return numbersOf(Uint16Array, vector, rows)
  return numbersOf(Uint32Array, vector, rows)
}

function sequence(item: TextAt, start: number, length: number): string {
  const parts: string[] = []
  for (let at = start; at < start + length; at++) parts.push(item(at))
  return `[${parts.join(',')}]`
}

/** A key of JSON is a text. */
function keyText(json: string): string {
  return json.startsWith('"') ? json : JSON.stringify(json)
}

function quoted(read: TextAt): TextAt {
  return (row) => JSON.stringify(read(row))
}
