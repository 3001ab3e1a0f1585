/** How rows are written. Texts of more than one character are taken as they are. */
export interface DelimitedShape {
  readonly delimiter: string
  /** One character of ASCII; empty: nothing is quoted. */
  readonly quote: string
  /** One character of ASCII that takes the next one as it is; the quote itself: a quote is doubled. */
  readonly escape: string
  /** What a line begins with that is no record; empty: there are no comments. */
  readonly comment: string
  readonly lineEnd: 'any' | 'lf' | 'crlf' | 'cr'
  /** Whether a delimiter stands behind the last value too. */
  readonly trailingDelimiter: boolean
  /** Whether blanks and tabs around values that are not in quotes do not count. */
  readonly trim: boolean
}

/** Most values of one row. */
const MAX_CELLS = 10_000

const LF = 0x0a
const CR = 0x0d
const BLANK = 0x20
const TAB = 0x09

/** A row that is not written as the shape says. */
export class MalformedRow extends Error {
  /** Where it goes wrong, in the bytes that were scanned. */
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.name = 'MalformedRow'
    this.at = at
  }
}

export type Scanned = 'record' | 'skipped' | 'needs-more'

/** Finds the values of a row in UTF-8. Looks at a row from its beginning until it is there as a whole. */
export class DelimitedScanner {
  readonly #shape: DelimitedShape
  readonly #delimiter: Buffer
  readonly #comment: Buffer
  readonly #quote: number
  readonly #escape: number
  #starts = new Int32Array(64)
  #ends = new Int32Array(64)
  #quoted = new Uint8Array(64)
  /** Cells that have something to take out: those with an escaped character. */
  readonly #escaped: number[] = []
  cells = 0
  /** Behind the row, its line end included. */
  next = 0
  /** Line ends in the row. */
  lines = 0

  constructor(shape: DelimitedShape) {
    this.#shape = shape
    this.#delimiter = Buffer.from(shape.delimiter)
    this.#comment = Buffer.from(shape.comment)
    this.#quote = shape.quote === '' ? -1 : shape.quote.charCodeAt(0)
    this.#escape = shape.escape === '' ? -1 : shape.escape.charCodeAt(0)
  }

  get starts(): Int32Array {
    return this.#starts
  }

  get ends(): Int32Array {
    return this.#ends
  }

  get quoted(): Uint8Array {
    return this.#quoted
  }

  /**
   * Scans the row that begins at `start`. Escaped characters are put right in place, filled up with blanks, so that
   * counting characters still gives the same.
   * @param isAtEnd  nothing comes behind `end`
   * @throws MalformedRow
   */
  scan(bytes: Buffer, start: number, end: number, isAtEnd: boolean): Scanned {
    this.cells = 0
    this.lines = 0
    this.#escaped.length = 0
    if (this.#comment.length > 0) {
      if (end - start < this.#comment.length && !isAtEnd) return 'needs-more'
      if (startsWith(bytes, this.#comment, start, end)) return this.#skipLine(bytes, start, end, isAtEnd)
    }
    let at = start
    for (;;) {
      const behind = this.#scanCell(bytes, at, end, isAtEnd)
      if (behind < 0) return 'needs-more'
      if (startsWith(bytes, this.#delimiter, behind, end)) {
        at = behind + this.#delimiter.length
        continue
      }
      const lineEnd = this.#lineEnd(bytes, behind, end, isAtEnd)
      if (lineEnd < 0) return 'needs-more'
      this.next = behind + lineEnd
      if (lineEnd > 0) this.lines++
      break
    }
    if (this.#shape.trailingDelimiter) this.#dropLast(behindLast(this))
    for (const cell of this.#escaped) this.#unescape(bytes, cell)
    return 'record'
  }

  /** Goes over a line, whatever stands in it. */
  #skipLine(bytes: Buffer, start: number, end: number, isAtEnd: boolean): Scanned {
    for (let at = start; at <= end; at++) {
      const lineEnd = this.#lineEnd(bytes, at, end, isAtEnd)
      if (lineEnd < 0) return 'needs-more'
      if (lineEnd === 0 && at < end) continue
      this.next = at + lineEnd
      this.lines = lineEnd > 0 ? 1 : 0
      return 'skipped'
    }
    return 'needs-more'
  }

  skipLine(bytes: Buffer, start: number, end: number, isAtEnd: boolean): Scanned {
    this.lines = 0
    return this.#skipLine(bytes, start, end, isAtEnd)
  }

  /** @returns where the value and its quotes end: at a delimiter, a line end, the end; -1: that is not there yet */
  #scanCell(bytes: Buffer, start: number, end: number, isAtEnd: boolean): number {
    if (this.#quote >= 0) {
      let at = start
      if (this.#shape.trim) while (at < end && this.#isBlank(bytes[at]!)) at++
      if (at < end && bytes[at] === this.#quote) return this.#scanQuoted(bytes, at, end, isAtEnd)
    }
    const first = this.#delimiter[0]!
    const escapes = this.#quote < 0 && this.#escape >= 0
    let isEscaped = false
    let at = start
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (escapes && byte === this.#escape) {
        isEscaped = true
        at++
        if (at >= end && !isAtEnd) return -1
      } else if (byte === first) {
        if (this.#delimiter.length === 1 || startsWith(bytes, this.#delimiter, at, end)) break
        if (end - at < this.#delimiter.length && !isAtEnd) return -1
      } else if (byte === LF || byte === CR) {
        const lineEnd = this.#lineEnd(bytes, at, end, isAtEnd)
        if (lineEnd < 0) return -1
        if (lineEnd > 0) break
      }
    }
    if (at >= end && !isAtEnd) return -1
    at = Math.min(at, end)
    let from = start
    let to = at
    if (this.#shape.trim) {
      while (from < to && this.#isBlank(bytes[from]!)) from++
      while (to > from && this.#isBlank(bytes[to - 1]!)) to--
    }
    this.#addCell(from, to, false, isEscaped)
    return at
  }

  #scanQuoted(bytes: Buffer, opened: number, end: number, isAtEnd: boolean): number {
    let isEscaped = false
    for (let at = opened + 1; at < end; at++) {
      const byte = bytes[at]!
      if (byte === this.#escape && this.#escape !== this.#quote) {
        isEscaped = true
        at++
      } else if (byte === this.#quote) {
        if (at + 1 >= end && !isAtEnd) return -1
        if (this.#escape === this.#quote && at + 1 < end && bytes[at + 1] === this.#quote) {
          isEscaped = true
          at++
          continue
        }
        this.#addCell(opened + 1, at, true, isEscaped)
        return this.#behindQuote(bytes, at + 1, end, isAtEnd)
      } else if (byte === LF || (byte === CR && bytes[at + 1] !== LF)) this.lines++
    }
    if (!isAtEnd) return -1
    throw new MalformedRow('opens a quote that is never closed', opened)
  }

  #behindQuote(bytes: Buffer, start: number, end: number, isAtEnd: boolean): number {
    let at = start
    if (this.#shape.trim) while (at < end && this.#isBlank(bytes[at]!)) at++
    if (at >= end) return isAtEnd ? end : -1
    if (startsWith(bytes, this.#delimiter, at, end)) return at
    if (end - at < this.#delimiter.length && !isAtEnd) return -1
    const lineEnd = this.#lineEnd(bytes, at, end, isAtEnd)
    if (lineEnd < 0) return -1
    if (lineEnd > 0) return at
    throw new MalformedRow('has something between a closing quote and the delimiter', at)
  }

  /** Length of the line end that stands here; 0: none, -1: that is not there yet. */
  #lineEnd(bytes: Buffer, at: number, end: number, isAtEnd: boolean): number {
    if (at >= end) return isAtEnd ? 0 : -1
    const byte = bytes[at]
    const { lineEnd } = this.#shape
    if (byte === LF) return lineEnd === 'any' || lineEnd === 'lf' ? 1 : 0
    if (byte !== CR || lineEnd === 'lf') return 0
    if (lineEnd === 'cr') return 1
    if (at + 1 >= end && !isAtEnd) return -1
    if (at + 1 < end && bytes[at + 1] === LF) return 2
    return lineEnd === 'any' ? 1 : 0
  }

  /** A delimiter is no blank, whatever it looks like. */
  #isBlank(byte: number): boolean {
    return (byte === BLANK || byte === TAB) && byte !== this.#delimiter[0]
  }

  #addCell(start: number, end: number, isQuoted: boolean, isEscaped: boolean): void {
    if (this.cells === MAX_CELLS) throw new MalformedRow(`has more than ${MAX_CELLS} values`, start)
    if (this.cells === this.#starts.length) {
      this.#starts = larger(this.#starts)
      this.#ends = larger(this.#ends)
      const quoted = new Uint8Array(2 * this.#quoted.length)
      quoted.set(this.#quoted)
      this.#quoted = quoted
    }
    if (isEscaped) this.#escaped.push(this.cells)
    this.#starts[this.cells] = start
    this.#ends[this.cells] = end
    this.#quoted[this.cells] = isQuoted ? 1 : 0
    this.cells++
  }

  #dropLast(last: number): void {
    // A line without values, or one without the delimiter, is for the count of values to refuse.
    if (last >= 0 && this.#starts[last] === this.#ends[last] && this.#quoted[last] === 0) this.cells = last
  }

  #unescape(bytes: Buffer, cell: number): void {
    if (cell >= this.cells) return
    const end = this.#ends[cell]!
    let to = this.#starts[cell]!
    for (let from = to; from < end; from++) {
      if (bytes[from] === this.#escape && from + 1 < end) from++
      bytes[to++] = bytes[from]!
    }
    this.#ends[cell] = to
    bytes.fill(BLANK, to, end)
  }
}

function behindLast({ cells }: DelimitedScanner): number {
  return cells > 1 ? cells - 1 : -1
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * array.length)
  copy.set(array)
  return copy
}

function startsWith(bytes: Buffer, text: Buffer, at: number, end: number): boolean {
  if (at + text.length > end) return false
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}
