import type { RawRecord, RecordFile } from '../columns/raw-record.ts'
import { failure } from '../errors.ts'
import { placeText, type TextWindow } from '../text/text-window.ts'

/** Where a column stands in a record, in characters from 0. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface FixedWidthOptions {
  readonly spans: readonly Span[]
  /** Characters of a record. */
  readonly recordLength: number
  readonly lineEnd: 'any' | 'lf' | 'crlf' | 'cr' | 'none'
  readonly skipLines: number
  readonly skipEmptyLines: boolean
  /** The byte that fills values up; -1: nothing does. */
  readonly pad: number
  readonly trim: 'both' | 'left' | 'right'
  readonly shortRows: 'error' | 'fill'
  readonly longRows: 'error' | 'cut'
}

const LF = 0x0a
const CR = 0x0d

/** Records whose values stand at fixed places. */
export class FixedWidthFile implements RecordFile {
  readonly #window: TextWindow
  readonly #options: FixedWidthOptions
  readonly #file: string
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  /** Where each character of the record begins in its bytes; unused while all of them are of one byte. */
  #places = new Int32Array(0)
  #toSkip: number
  /** Behind the current record. */
  #next = 0
  #lines = 0
  #isOnRecord = false
  readonly header = undefined

  constructor(window: TextWindow, options: FixedWidthOptions, file: string) {
    this.#window = window
    this.#options = options
    this.#file = file
    this.#starts = new Int32Array(options.spans.length)
    this.#ends = new Int32Array(options.spans.length)
    this.#toSkip = options.skipLines
  }

  next(): RawRecord | undefined {
    if (this.#isOnRecord) this.#goOn()
    while (this.#window.start < this.#window.end) {
      const end = this.#options.lineEnd === 'none' ? this.#endOfCount() : this.#endOfLine()
      if (end < 0) return undefined
      const isEmpty = end === this.#window.start && this.#options.skipEmptyLines
      if (this.#toSkip === 0 && !isEmpty) {
        this.#isOnRecord = true
        this.#cut(end)
        return {
          bytes: this.#window.bytes,
          starts: this.#starts,
          ends: this.#ends,
          cells: this.#starts.length,
        }
      }
      if (this.#toSkip > 0) this.#toSkip--
      this.#goOn()
    }
    return undefined
  }

  async more(): Promise<boolean> {
    const { isAtEnd, start, end } = this.#window
    if (!isAtEnd) await this.#window.more()
    else if (start === end) return false
    return !this.#window.isAtEnd || this.#window.start < this.#window.end
  }

  placeOf(cell?: number): string {
    const at = cell === undefined ? this.#window.start : (this.#starts[cell] ?? this.#window.start)
    return placeText(this.#window.placeOf(at))
  }

  close(): Promise<void> {
    return this.#window.close()
  }

  #goOn(): void {
    this.#isOnRecord = false
    this.#window.advance(this.#next, this.#lines)
  }

  /** @returns where the text of the line ends; -1: it is not there as a whole */
  #endOfLine(): number {
    const { bytes, start, end, isAtEnd } = this.#window
    const { lineEnd } = this.#options
    for (let at = start; at < end; at++) {
      const byte = bytes[at]
      if (byte !== LF && byte !== CR) continue
      if (byte === CR && at + 1 === end && !isAtEnd && lineEnd !== 'lf' && lineEnd !== 'cr') return -1
      const isPair = byte === CR && at + 1 < end && bytes[at + 1] === LF
      const isEnd = lineEnd === 'any' || (lineEnd === 'crlf' ? isPair : byte === (lineEnd === 'lf' ? LF : CR))
      if (!isEnd) continue
      this.#next = at + (isPair && lineEnd !== 'cr' ? 2 : 1)
      this.#lines = 1
      return at
    }
    if (!isAtEnd) return -1
    this.#next = end
    this.#lines = 0
    return end
  }

  /** The end of a record without line end, by the count of its characters. */
  #endOfCount(): number {
    const { bytes, start, end, isAtEnd } = this.#window
    let at = start
    let left = this.#options.recordLength
    for (; at < end; at++) {
      if ((bytes[at]! & 0xc0) === 0x80) continue
      if (left-- === 0) break
    }
    if (at === end && left > 0 && !isAtEnd) return -1
    this.#next = at
    this.#lines = 0
    return at
  }

  #cut(end: number): void {
    const { start } = this.#window
    const { recordLength, shortRows, longRows, spans } = this.#options
    const length = this.#countCharacters(end)
    const isShort = length < recordLength && shortRows === 'error'
    if (isShort || (length > recordLength && longRows === 'error')) {
      throw failure(
        'file-records-malformed',
        `${this.#file}, ${this.placeOf()} has ${length} characters, not ${recordLength}`,
        {
          path: 'query.format',
          fix: isShort
            ? 'Correct `recordLength` and the columns, or set `format.shortRows: fill`'
            : 'Correct `recordLength` and the columns, or set `format.longRows: cut`',
        },
      )
    }
    const isPlain = length === end - start
    for (const [index, span] of spans.entries()) {
      if (span.start >= length) {
        this.#starts[index] = -1
        continue
      }
      const last = Math.min(span.end, length)
      this.#starts[index] = isPlain ? start + span.start : this.#places[span.start]!
      this.#ends[index] = isPlain ? start + last : this.#places[last]!
      this.#trim(index)
    }
  }

  #countCharacters(end: number): number {
    const { bytes, start } = this.#window
    if (this.#places.length < end - start + 1) this.#places = new Int32Array(2 * (end - start) + 1)
    let length = 0
    for (let at = start; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) this.#places[length++] = at
    this.#places[length] = end
    return length
  }

  #trim(index: number): void {
    const { bytes } = this.#window
    const { pad, trim } = this.#options
    let from = this.#starts[index]!
    let to = this.#ends[index]!
    if (trim !== 'right') while (from < to && bytes[from] === pad) from++
    if (trim !== 'left') while (to > from && bytes[to - 1] === pad) to--
    this.#starts[index] = from
    this.#ends[index] = to
  }
}
