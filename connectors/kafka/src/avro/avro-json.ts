import { floatJson } from '@bulkhead/connector-sdk'
import { AvroBytes } from './avro-bytes.ts'
import type { AvroType } from './avro-type.ts'
import { dateText, durationText, momentText, timeText } from './moment-text.ts'

/** Bounds against bytes that are made to be expanded: items that take no byte, records inside records. */
const mostItems = 10_000_000
const mostDepth = 500

/**
 * The JSON text of a value, straight from its bytes: whole numbers and decimals are exact, moments are texts by their
 * logical types, bytes `\x` and digits, a union is its value.
 *
 * @param from  where the value begins; it ends where the bytes end
 * @throws RangeError when the bytes are no value of the type
 */
export function avroJson(type: AvroType, bytes: Buffer, from: number): string {
  const reader = new AvroBytes(bytes, from)
  const text = new JsonWriter(reader).value(type, 0)
  if (!reader.isAtEnd) throw new RangeError('There is more behind the value')
  return text
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class JsonWriter {
  readonly #bytes: AvroBytes
  #items = 0

  constructor(bytes: AvroBytes) {
    this.#bytes = bytes
  }

  value(type: AvroType, depth: number): string {
    if (depth > mostDepth) throw new RangeError('The value is nested too deeply')
    const bytes = this.#bytes
    switch (type.kind) {
      case 'null':
        return 'null'
      case 'boolean':
        return String(bytes.boolean())
      case 'int':
        return wholeText(BigInt(bytes.int()), type.logical)
      case 'long':
        return wholeText(bytes.long(), type.logical)
      case 'float':
        return floatJson(bytes.float(), 32)
      case 'double':
        return floatJson(bytes.double(), 64)
      case 'string':
        return JSON.stringify(this.#text())
      case 'bytes':
        return bytesText(bytes.bytes(), type.scale)
      case 'fixed': {
        const taken = bytes.take(type.size)
        return type.logical === 'duration' && type.size === 12
          ? `"${durationText(taken)}"`
          : bytesText(taken, type.scale)
      }
      case 'enum':
        return JSON.stringify(at(type.symbols, bytes.count()))
      case 'union':
        return this.value(at(type.branches, bytes.count()), depth + 1)
      case 'record':
        return `{${type.fields.map((field) => `${JSON.stringify(field.name)}:${this.value(field.type, depth + 1)}`).join(',')}}`
      case 'array':
        return `[${this.#blocks(() => this.value(type.items, depth + 1)).join(',')}]`
      case 'map':
        return `{${this.#blocks(() => `${JSON.stringify(this.#text())}:${this.value(type.values, depth + 1)}`).join(',')}}`
    }
    return type satisfies never
  }

  #text(): string {
    return utf8.decode(this.#bytes.bytes())
  }

  #blocks(one: () => string): string[] {
    const items: string[] = []
    for (let count = this.#bytes.count(); count !== 0; count = this.#bytes.count()) {
      // A negative count is followed by the size of the block.
      if (count < 0) this.#bytes.count()
      for (let left = Math.abs(count); left > 0; left--) {
        if (++this.#items > mostItems) throw new RangeError('Too many items')
        items.push(one())
      }
    }
    return items
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new RangeError('The schema has no such branch')
  return item
}

const logicalTexts: ReadonlyMap<string | undefined, (value: bigint) => string> = new Map([
  ['date', dateText],
  ['time-millis', (value: bigint) => timeText(value * 1000n)],
  ['time-micros', timeText],
  ['timestamp-millis', (value: bigint) => momentText(value, 3, '+00:00')],
  ['timestamp-micros', (value: bigint) => momentText(value, 6, '+00:00')],
  ['timestamp-nanos', (value: bigint) => momentText(value, 9, '+00:00')],
  ['local-timestamp-millis', (value: bigint) => momentText(value, 3, '')],
  ['local-timestamp-micros', (value: bigint) => momentText(value, 6, '')],
  ['local-timestamp-nanos', (value: bigint) => momentText(value, 9, '')],
])

function wholeText(value: bigint, logical: string | undefined): string {
  const textOf = logicalTexts.get(logical)
  return textOf === undefined ? String(value) : `"${textOf(value)}"`
}

/** Bytes, or the decimal of this scale: a whole number in two's complement, highest byte first. */
function bytesText(bytes: Buffer, scale: number | undefined): string {
  if (scale === undefined) return `"\\\\x${bytes.toString('hex')}"`
  const unsigned = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)
  const value = BigInt.asIntN(8 * bytes.length, unsigned)
  const sign = value < 0n ? '-' : ''
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
