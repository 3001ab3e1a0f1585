import { formatPointer, type Pointer } from './json-pointer.ts'
import { ByteSpan } from './byte-span.ts'
import { afterInNumber, NUMBER_START, numberMayEnd } from './number-grammar.ts'
import { type Place, placesOf, RECORDS } from './place.ts'
import { valueEnd } from './value-end.ts'
import { beginsValue, escapable, hex, plain } from './character-tables.ts'

/**
 * Reads JSON as it arrives, in chunks, and cuts out the records: the elements of one list of the
 * document, or, of JSON Lines, every value. Besides them it keeps single values that paging needs.
 * Everything is checked to be JSON; nothing is converted, so that numbers keep their digits. In memory
 * is one record at a time (I8).
 */

/** Where the text stops being JSON, or stops. */
export class JsonFault extends Error {
  readonly reason: 'syntax' | 'truncated' | 'too-deep' | 'record-too-large' | 'value-too-large' | 'not-a-list'

  /** Of a value that is too large: which capture it is. */
  readonly capture: number | undefined

  constructor(reason: JsonFault['reason'], message: string, capture?: number) {
    super(message)
    this.reason = reason
    this.capture = capture
  }
}

export interface ScannerOptions {
  /** The list of records; undefined: the text is a sequence of values, as in JSON Lines, each a record. */
  readonly records: Pointer | undefined
  /** Values to keep, none of them within another or within the records. */
  readonly captures: readonly Pointer[]
  /** Longest record, bytes as written. */
  readonly maxRecordBytes: number
}

/** Deeper than any honest document. */
const MAX_DEPTH = 512
/** Longest value that paging keeps, and longest name on the way to one. */
const MAX_CAPTURE = 64 * 1024

/** What comes next. */
const VALUE = 0
const FIRST_ELEMENT = 1
const FIRST_KEY = 2
const KEY = 3
const COLON = 4
const AFTER = 5
const IN_STRING = 6
const IN_ESCAPE = 7
const IN_UNICODE = 8
const IN_NUMBER = 9
const IN_LITERAL = 10
const END = 11

export class JsonScanner {
  /** Whether the list of records has come, or `null` in its place. */
  found = false
  readonly #options: ScannerOptions
  readonly #captured: (Uint8Array | undefined)[]
  readonly #root: Place
  #state = VALUE
  #isKey = false
  #hexDigits = 0
  #literal = ''
  #literalAt = 0
  #number = NUMBER_START
  /** Bytes that came before the chunk at hand. */
  #offset = 0

  #depth = 0
  readonly #isObject: boolean[] = []
  /** Places of the open containers, as far as they are on a way. */
  readonly #places: (Place | undefined)[] = []
  readonly #indexes: number[] = []
  /** Place of the value that comes next. */
  #next: Place | undefined
  readonly #key: ByteSpan

  /** What is being kept: a record or a capture, open since this depth. */
  #span: { readonly target: number; readonly depth: number } | undefined
  readonly #bytes: ByteSpan
  /** Depth of the list of records while inside it. */
  #listDepth = -1

  constructor(options: ScannerOptions) {
    this.#options = options
    this.#captured = options.captures.map(() => undefined)
    this.#root = placesOf(options.records, options.captures)
    this.#next = this.#root
    this.#bytes = new ByteSpan()
    this.#key = new ByteSpan()
  }

  /** Whether nothing was scanned yet. */
  get isFresh(): boolean {
    return this.#offset === 0
  }

  /** JSON text of a value that was asked for; undefined when the document does not have it (yet). */
  captured(index: number): string | undefined {
    const bytes = this.#captured[index]
    return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
  }

  /**
   * Takes the next bytes.
   * @returns the records that end in them, each valid until the next is asked for
   * @throws JsonFault
   */
  *scan(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    const { maxRecordBytes } = this.#options
    const end = chunk.length
    let at = 0
    this.#bytes.continueAt(0)
    this.#key.continueAt(0)
    while (at < end) {
      const byte = chunk[at]!
      switch (this.#state) {
        case IN_STRING: {
          let to = at
          while (to < end && plain[chunk[to]!] === 1) to++
          at = to
          if (at === end) break
          const stop = chunk[at++]!
          if (stop === 0x22) {
            if (this.#isKey) this.#endKey(chunk, at - 1)
            else {
              const record = this.#endValue(chunk, at)
              if (record !== undefined) yield record
            }
          } else if (stop === 0x5c) this.#state = IN_ESCAPE
          else throw this.#syntax(at - 1)
          break
        }
        case IN_ESCAPE:
          if (byte === 0x75) {
            this.#state = IN_UNICODE
            this.#hexDigits = 0
          } else if (escapable[byte] === 1) this.#state = IN_STRING
          else throw this.#syntax(at)
          at++
          break
        case IN_UNICODE:
          if (hex[byte] === 0) throw this.#syntax(at)
          at++
          if (++this.#hexDigits === 4) this.#state = IN_STRING
          break
        case IN_NUMBER: {
          const next = afterInNumber(this.#number, byte)
          if (next >= 0) {
            this.#number = next
            at++
            break
          }
          if (!numberMayEnd(this.#number)) throw this.#syntax(at)
          const record = this.#endValue(chunk, at)
          if (record !== undefined) yield record
          break
        }
        case IN_LITERAL:
          if (byte !== this.#literal.charCodeAt(this.#literalAt)) throw this.#syntax(at)
          at++
          if (++this.#literalAt === this.#literal.length) {
            const record = this.#endValue(chunk, at)
            if (record !== undefined) yield record
          }
          break
        default: {
          if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
            at++
            break
          }
          const whole = this.#wholeRecord(chunk, at, end)
          if (whole !== undefined) {
            at += whole.length
            yield whole
            break
          }
          const record = this.#token(chunk, at, byte)
          at++
          if (record !== undefined) yield record
        }
      }
      if (this.#span !== undefined && this.#bytes.lengthTo(at) > this.#limit(maxRecordBytes))
        throw this.#tooLarge()
    }
    if (this.#span !== undefined) {
      this.#bytes.keep(chunk, end)
      if (this.#bytes.lengthTo(0) > this.#limit(maxRecordBytes)) throw this.#tooLarge()
    }
    if (this.#isKey && this.#state >= IN_STRING && this.#state <= IN_UNICODE) this.#keepKey(chunk, end)
    this.#offset += end
  }

  /**
   * The text has ended.
   * @returns the last record of JSON Lines, when a number without line end is one
   * @throws JsonFault `truncated` when the document is not complete
   */
  end(): Uint8Array | undefined {
    let record: Uint8Array | undefined
    // Only a number does not say itself where it ends.
    if (this.#state === IN_NUMBER && this.#depth === 0 && numberMayEnd(this.#number)) {
      this.#bytes.continueAt(0)
      record = this.#endValue(new Uint8Array(0), 0)
    }
    const isComplete =
      this.#state === END ||
      (this.#options.records === undefined && this.#state === VALUE && this.#depth === 0)
    if (!isComplete) throw new JsonFault('truncated', `The JSON ends too early, after ${this.#offset} bytes`)
    return record
  }

  /** The record that begins here, when it begins here and all of it is in the chunk. */
  #wholeRecord(chunk: Uint8Array, at: number, end: number): Uint8Array | undefined {
    if (this.#state !== VALUE && this.#state !== FIRST_ELEMENT) return undefined
    const isSequence = this.#options.records === undefined
    if (isSequence ? this.#depth !== 0 : this.#listDepth !== this.#depth) return undefined
    const to = valueEnd(chunk, at, end)
    if (to === -1) return undefined
    if (to - at > this.#options.maxRecordBytes) throw this.#recordTooLarge()
    this.#state = isSequence ? VALUE : AFTER
    return chunk.subarray(at, to)
  }

  /** A byte between values, strings and numbers apart. */
  #token(chunk: Uint8Array, at: number, byte: number): Uint8Array | undefined {
    switch (this.#state) {
      case FIRST_ELEMENT:
        if (byte === 0x5d) return this.#close(chunk, at, false)
        this.#beginValue(chunk, at, byte)
        return undefined
      case VALUE:
        this.#beginValue(chunk, at, byte)
        return undefined
      case FIRST_KEY:
        if (byte === 0x7d) return this.#close(chunk, at, true)
        this.#beginKey(at, byte)
        return undefined
      case KEY:
        this.#beginKey(at, byte)
        return undefined
      case COLON:
        if (byte !== 0x3a) throw this.#syntax(at)
        this.#state = VALUE
        return undefined
      case AFTER: {
        const isObject = this.#isObject[this.#depth - 1]!
        if (byte === 0x2c) {
          if (isObject) this.#state = KEY
          else this.#nextElement()
          return undefined
        }
        if (byte === (isObject ? 0x7d : 0x5d)) return this.#close(chunk, at, isObject)
        throw this.#syntax(at)
      }
      default:
        throw this.#syntax(at)
    }
  }

  #beginKey(at: number, byte: number): void {
    if (byte !== 0x22) throw this.#syntax(at)
    this.#isKey = true
    this.#state = IN_STRING
    this.#key.begin(at + 1)
  }

  #keepKey(chunk: Uint8Array, end: number): void {
    if (this.#places[this.#depth - 1] === undefined) return
    if (this.#key.lengthTo(end) > MAX_CAPTURE)
      throw new JsonFault('value-too-large', `The name of a field is longer than ${MAX_CAPTURE} bytes`)
    this.#key.keep(chunk, end)
  }

  #endKey(chunk: Uint8Array, end: number): void {
    this.#isKey = false
    this.#state = COLON
    const place = this.#places[this.#depth - 1]
    this.#next =
      place === undefined || place.below.size === 0
        ? undefined
        : place.below.get(textOf(this.#key.take(chunk, end)))
  }

  #nextElement(): void {
    const depth = this.#depth - 1
    this.#state = VALUE
    const place = this.#places[depth]
    this.#next = place === undefined ? undefined : place.below.get(String(++this.#indexes[depth]!))
  }

  #beginValue(chunk: Uint8Array, at: number, byte: number): void {
    if (beginsValue[byte] === 0) throw this.#syntax(at)
    const place = this.#next
    this.#next = undefined
    const isRecord =
      this.#span === undefined &&
      (this.#options.records === undefined ? this.#depth === 0 : this.#listDepth === this.#depth)
    if (isRecord) this.#open(RECORDS, at)
    else if (place?.target !== undefined && this.#span === undefined) {
      if (place.target === RECORDS) {
        if (this.found) throw this.#syntax(at)
        this.found = true
        if (byte === 0x5b) {
          this.#listDepth = this.#depth + 1
        } else if (byte !== 0x6e)
          throw new JsonFault(
            'not-a-list',
            `There is no list at "${formatPointer(this.#options.records ?? [])}"`,
          )
      } else this.#open(place.target, at)
    }
    if (byte === 0x22) {
      this.#isKey = false
      this.#state = IN_STRING
    } else if (byte === 0x7b || byte === 0x5b) {
      if (this.#depth === MAX_DEPTH)
        throw new JsonFault('too-deep', `The JSON nests deeper than ${MAX_DEPTH} levels`)
      const onWay = place !== undefined && place.below.size > 0 ? place : undefined
      this.#isObject[this.#depth] = byte === 0x7b
      this.#places[this.#depth] = onWay
      this.#indexes[this.#depth] = 0
      this.#depth++
      this.#state = byte === 0x7b ? FIRST_KEY : FIRST_ELEMENT
      if (byte === 0x5b) this.#next = onWay?.below.get('0')
    } else if (byte === 0x74) this.#begin('true')
    else if (byte === 0x66) this.#begin('false')
    else if (byte === 0x6e) this.#begin('null')
    else {
      this.#number = afterInNumber(NUMBER_START, byte)
      this.#state = IN_NUMBER
    }
  }

  #begin(literal: string): void {
    this.#literal = literal
    this.#literalAt = 1
    this.#state = IN_LITERAL
  }

  #open(target: number, at: number): void {
    this.#span = { target, depth: this.#depth }
    this.#bytes.begin(at)
  }

  #close(chunk: Uint8Array, at: number, isObject: boolean): Uint8Array | undefined {
    if (this.#isObject[this.#depth - 1] !== isObject) throw this.#syntax(at)
    if (this.#listDepth === this.#depth) this.#listDepth = -1
    this.#depth--
    this.#next = undefined
    return this.#endValue(chunk, at + 1)
  }

  /** A value has ended before `end`. @returns it, when it is a record */
  #endValue(chunk: Uint8Array, end: number): Uint8Array | undefined {
    this.#state = this.#depth > 0 ? AFTER : this.#options.records === undefined ? VALUE : END
    if (this.#span === undefined || this.#span.depth !== this.#depth) return undefined
    const { target } = this.#span
    if (this.#bytes.lengthTo(end) > this.#limit(this.#options.maxRecordBytes)) throw this.#tooLarge()
    const bytes = this.#bytes.take(chunk, end)
    this.#span = undefined
    if (target === RECORDS) return bytes
    this.#captured[target] = Uint8Array.from(bytes)
    return undefined
  }

  #limit(maxRecordBytes: number): number {
    return this.#span?.target === RECORDS ? maxRecordBytes : MAX_CAPTURE
  }

  #tooLarge(): JsonFault {
    return this.#span?.target === RECORDS
      ? this.#recordTooLarge()
      : new JsonFault(
          'value-too-large',
          `A value that paging needs is larger than ${MAX_CAPTURE} bytes`,
          this.#span?.target,
        )
  }

  #recordTooLarge(): JsonFault {
    return new JsonFault('record-too-large', `A record is larger than ${this.#options.maxRecordBytes} bytes`)
  }

  #syntax(at: number): JsonFault {
    return new JsonFault('syntax', `It stops being JSON at byte ${this.#offset + at}`)
  }
}

/** The name of a field, its escapes resolved. */
function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
}
