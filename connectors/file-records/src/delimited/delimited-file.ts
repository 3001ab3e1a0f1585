import { failure } from '../errors.ts'
import type { RawRecord, RecordFile } from '../columns/raw-record.ts'
import { placeText, type TextWindow } from '../text/text-window.ts'
import { DelimitedScanner, type DelimitedShape, MalformedRow } from './scan-delimited.ts'

export interface DelimitedOptions extends DelimitedShape {
  readonly header: boolean
  /** Lines in front of the header, whatever stands in them. */
  readonly skipLines: number
  /** Whether lines without anything are no records. */
  readonly skipEmptyLines: boolean
  /** Rows with too few values: an error, or null for those that lack. */
  readonly shortRows: 'error' | 'fill'
  /** Rows with too many values: an error, or without those too many. */
  readonly longRows: 'error' | 'cut'
}

/**
 * Opens a delimited file and reads its header.
 * @param columns  values of a row when there is no header
 */
export async function openDelimited(
  window: TextWindow,
  options: DelimitedOptions,
  { file, columns }: { readonly file: string; readonly columns: number },
): Promise<RecordFile> {
  const opened = new DelimitedFile(window, options, file, columns)
  try {
    await opened.begin()
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}

class DelimitedFile implements RecordFile {
  readonly #window: TextWindow
  readonly #options: DelimitedOptions
  readonly #scanner: DelimitedScanner
  readonly #file: string
  #expected: number
  #isOnRecord = false
  header: readonly string[] | undefined

  constructor(window: TextWindow, options: DelimitedOptions, file: string, columns: number) {
    this.#window = window
    this.#options = options
    this.#scanner = new DelimitedScanner(options)
    this.#file = file
    this.#expected = columns
  }

  async begin(): Promise<void> {
    for (let skipped = 0; skipped < this.#options.skipLines;) {
      if (await this.#ended()) return
      const { bytes, start, end, isAtEnd } = this.#window
      if (this.#scanner.skipLine(bytes, start, end, isAtEnd) === 'needs-more') await this.#window.more()
      else {
        this.#window.advance(this.#scanner.next, this.#scanner.lines)
        skipped++
      }
    }
    if (!this.#options.header) return
    for (;;) {
      const found = this.#scan()
      if (found === 'record') break
      if (!(await this.more())) throw this.#malformed('has no header', 'Set `format.header: false`')
    }
    const { bytes } = this.#window
    const { starts, ends, cells } = this.#scanner
    this.header = Array.from({ length: cells }, (_, cell) => bytes.toString('utf8', starts[cell], ends[cell]))
    this.#expected = cells
  }

  next(): RawRecord | undefined {
    if (this.#scan() !== 'record') return undefined
    const { cells, starts, ends, quoted } = this.#scanner
    const isShort = cells < this.#expected && this.#options.shortRows === 'error'
    const isLong = cells > this.#expected && this.#options.longRows === 'error'
    if (isShort || isLong) {
      throw this.#malformed(
        `${this.placeOf()} has ${cells} values, not ${this.#expected}`,
        isShort
          ? 'Correct `delimiter` and `quote`, or set `format.shortRows: fill`'
          : 'Correct `delimiter` and `quote`, or set `format.longRows: cut`',
      )
    }
    return { bytes: this.#window.bytes, starts, ends, quoted, cells }
  }

  async more(): Promise<boolean> {
    if (await this.#ended()) return false
    await this.#window.more()
    return !(await this.#ended())
  }

  placeOf(cell?: number): string {
    const at = cell === undefined ? this.#window.start : (this.#scanner.starts[cell] ?? this.#window.start)
    return placeText(this.#window.placeOf(at))
  }

  close(): Promise<void> {
    return this.#window.close()
  }

  /** Goes on to the next record that is there as a whole. */
  #scan(): 'record' | 'needs-more' {
    if (this.#isOnRecord) this.#window.advance(this.#scanner.next, this.#scanner.lines)
    this.#isOnRecord = false
    while (this.#window.start < this.#window.end) {
      const found = this.#scanOne()
      if (found === 'needs-more') return found
      const isEmpty = this.#scanner.cells === 1 && this.#isEmptyCell()
      if (found === 'record' && !(isEmpty && this.#options.skipEmptyLines)) {
        this.#isOnRecord = true
        return 'record'
      }
      this.#window.advance(this.#scanner.next, this.#scanner.lines)
    }
    return 'needs-more'
  }

  #scanOne(): 'record' | 'skipped' | 'needs-more' {
    const { bytes, start, end, isAtEnd } = this.#window
    try {
      return this.#scanner.scan(bytes, start, end, isAtEnd)
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error
      throw this.#malformed(`${placeText(this.#window.placeOf(error.at))} ${error.message}`)
    }
  }

  #isEmptyCell(): boolean {
    const { starts, ends, quoted } = this.#scanner
    return starts[0] === ends[0] && quoted[0] === 0
  }

  /** Whether nothing is left; reads when that is not known. */
  async #ended(): Promise<boolean> {
    while (this.#window.start === this.#window.end && !this.#window.isAtEnd) await this.#window.more()
    return this.#window.start === this.#window.end
  }

  #malformed(what: string, fix?: string): Error {
    const separator = what.startsWith('has') ? ' ' : ', '
    return failure('file-records-malformed', `${this.#file}${separator}${what}`, {
      path: 'query.format',
      ...(fix === undefined ? {} : { fix }),
    })
  }
}
