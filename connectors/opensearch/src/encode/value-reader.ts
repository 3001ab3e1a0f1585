import type { Column } from '@bulkhead/connector-sdk'
import type { Reading } from '../columns/field-type.ts'
import { BACKSLASH, QUOTE } from '../search/json-bytes.ts'
import { FixedBuffer, VariableBuffer } from './column-buffer.ts'
import { dayOf, microsecondsOf } from './date-text.ts'
import { floatOf, isNumberText, wholeNumberOf } from './number-text.ts'

/** Reads the values of one column from the bytes of documents, into the SDK's layout. */
export interface ValueReader {
  /** @returns false when the value cannot be kept exactly */
  add(row: number, bytes: Buffer, start: number, end: number): boolean
  addNull(row: number): void
  build(rows: number): Column
  reset(): void
}

/** @param usual  bytes of a batch, up to which memory is kept */
export function valueReader({ type, epoch }: Reading, usual: number): ValueReader {
  switch (type.kind) {
    case 'json':
      return new Variable(usual, (out, bytes, start, end) => {
        out.out.add(bytes, start, end)
        return true
      })
    case 'text':
      return new Variable(usual, addText)
    case 'decimal':
      return new Variable(usual, addDecimal)
    case 'binary':
      return new Variable(usual, addBase64)
    case 'boolean':
      return new Fixed((length) => new Uint8Array(length), truthOf)
    case 'integer':
      return integerReader(type.bits, type.unsigned === true)
    case 'float':
      return new Fixed(
        (length) => new Float64Array(length),
        (text) => floatOf(text),
      )
    case 'date':
      return new Fixed(
        (length) => new Int32Array(length),
        (text) => dayOf(text),
      )
    case 'timestamp':
      return new Fixed(
        (length) => new BigInt64Array(length),
        (text, isText) => instantOf(text, isText, epoch),
      )
  }
  return type satisfies never
}

function integerReader(bits: number, unsigned: boolean): ValueReader {
  const least = unsigned ? 0n : -(2n ** BigInt(bits - 1))
  const most = 2n ** BigInt(unsigned ? bits : bits - 1) - 1n
  const read = (text: string): bigint | undefined => {
    const value = wholeNumberOf(text)
    return value === undefined || value < least || value > most ? undefined : value
  }
  if (bits === 64) {
    return unsigned
      ? new Fixed((length) => new BigUint64Array(length), read)
      : new Fixed((length) => new BigInt64Array(length), read)
  }
  return new Fixed(
    (length) => new Int32Array(length),
    (text) => {
      const value = read(text)
      return value === undefined ? undefined : Number(value)
    },
  )
}

type Append = (out: VariableBuffer, bytes: Buffer, start: number, end: number) => boolean

class Variable implements ValueReader {
  readonly #out: VariableBuffer
  readonly #append: Append

  constructor(usual: number, append: Append) {
    this.#out = new VariableBuffer(usual)
    this.#append = append
  }
  add(row: number, bytes: Buffer, start: number, end: number): boolean {
    const isKept = this.#append(this.#out, bytes, start, end)
    this.#out.endRow(row)
    return isKept
  }
  addNull(row: number): void {
    this.#out.validity.setNull(row)
    this.#out.endRow(row)
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.reset()
  }
}

type Values = Uint8Array | Int32Array | BigInt64Array | BigUint64Array | Float64Array
type Read<V extends Values> = (text: string, isText: boolean) => V[number] | undefined

/** Values of fixed width, read from the text that a number, a word or a JSON text is. */
class Fixed<V extends Values> implements ValueReader {
  readonly #out: FixedBuffer<V>
  readonly #read: Read<V>

  constructor(make: (length: number) => V, read: Read<V>) {
    this.#out = new FixedBuffer(make)
    this.#read = read
  }
  add(row: number, bytes: Buffer, start: number, end: number): boolean {
    const isText = bytes[start] === QUOTE
    const text = isText ? bytes.toString('latin1', start + 1, end - 1) : bytes.toString('latin1', start, end)
    const value = this.#read(text, isText)
    if (value === undefined) return false
    this.#out.reserve(row)
    this.#out.values[row] = value
    return true
  }
  addNull(row: number): void {
    this.#out.reserve(row)
    // what an earlier batch left there is no value
    this.#out.values[row] = typeof this.#out.values[row] === 'bigint' ? 0n : 0
    this.#out.validity.setNull(row)
  }
  build(rows: number): Column {
    return this.#out.build(rows)
  }
  reset(): void {
    this.#out.reset()
  }
}

/** The server takes the empty text for false. */
function truthOf(text: string, isText: boolean): number | undefined {
  if (text === 'true') return 1
  return text === 'false' || (isText && text === '') ? 0 : undefined
}

function instantOf(text: string, isText: boolean, epoch: Reading['epoch']): bigint | undefined {
  if (isText) {
    const micros = microsecondsOf(text)
    if (micros !== undefined) return isInRange(micros) ? micros : undefined
  }
  if (epoch === undefined) return undefined
  // A number may have a fraction. As text a year of four digits was taken above, which is the server's order too.
  const micros = wholeNumberOf(`${text}${/e/i.test(text) ? '' : epoch === 'seconds' ? 'e6' : 'e3'}`)
  return micros !== undefined && isInRange(micros) ? micros : undefined
}

/** The largest and smallest value have a meaning of their own. */
function isInRange(micros: bigint): boolean {
  return micros < 2n ** 63n - 1n && micros > -(2n ** 63n)
}

/** A text, or a number or truth value as it is written. */
function addText({ out }: VariableBuffer, bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first !== QUOTE) {
    out.add(bytes, start, end)
    return first !== 0x5b && first !== 0x7b
  }
  let at = start + 1
  while (at < end && bytes[at] !== BACKSLASH) at++
  if (at >= end) {
    out.add(bytes, start + 1, end - 1)
    return true
  }
  const text = JSON.parse(bytes.toString('utf8', start, end)) as string
  out.add(Buffer.from(text))
  // half a pair of surrogates has no place in UTF-8
  return text.isWellFormed()
}

function addDecimal({ out }: VariableBuffer, bytes: Buffer, start: number, end: number): boolean {
  const inner = bytes[start] === QUOTE ? 1 : 0
  const text = bytes.toString('latin1', start + inner, end - inner)
  const isPlain = isNumberText(text) && !/e/i.test(text)
  if (isPlain) out.add(bytes, start + inner, end - inner)
  return isPlain
}

function addBase64({ out }: VariableBuffer, bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== QUOTE) return false
  const written = bytes.toString('latin1', start, end)
  const text = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1)
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return false
  out.add(Buffer.from(text, 'base64'))
  return true
}
