import { SaxesParser } from 'saxes'
import type { RawRecord, RecordFile } from '../columns/raw-record.ts'
import { textRecord } from '../columns/text-record.ts'
import { failure, shown } from '../errors.ts'
import type { Decoder } from '../text/decoder.ts'
import { type Place, placeText } from '../text/text-window.ts'
import { RecordBuilder, UnfitContent } from './record-builder.ts'
import { isNamed, type ValueNode } from './value-tree.ts'

/** Deepest nesting of elements; beyond it, it is an accident or an attack. */
const MAX_DEPTH = 256
/** Characters that the parser gets at once: what it gathers meanwhile is checked between (I8). */
const PIECE = 64 * 1024

export interface XmlOptions {
  /** Names of elements from the root to the record. */
  readonly record: readonly string[]
  readonly values: ValueNode
  readonly columns: readonly { readonly name: string }[]
  readonly refusesOthers: boolean
  readonly maxRecordBytes: number
}

interface Found {
  readonly values: readonly (string | undefined)[]
  readonly place: Place
}

/** Records that are elements of XML. Declarations of types and entities are refused: nothing is expanded or fetched. */
export class XmlFile implements RecordFile {
  readonly #bytes: AsyncGenerator<Uint8Array>
  /** Bytes of the file that were read already. */
  #begin: Buffer | undefined
  readonly #decoder: Decoder
  readonly #options: XmlOptions
  readonly #file: string
  readonly #parser = new SaxesParser({ xmlns: false, position: true })
  readonly #builder: RecordBuilder
  /** Names of elements that are open outside of records. */
  readonly #path: string[] = []
  #found: Found[] = []
  #at = 0
  #current: Place = { line: 1, byte: 0 }
  /** Where the piece begins that is parsed, as the parser counts, and in bytes of the file. */
  #piece = ''
  #pieceStart = 0
  #countedChars = 0
  #countedBytes = 0
  #isMarkCounted = false
  #recordStart = 0
  #recordPlace: Place = { line: 1, byte: 0 }
  /** Where the parser was when something was complete. */
  #settled = 0
  #isEnded = false
  readonly header = undefined

  constructor(
    { begin, bytes }: { readonly begin: Buffer | undefined; readonly bytes: AsyncGenerator<Uint8Array> },
    decoder: Decoder,
    options: XmlOptions,
    file: string,
  ) {
    this.#begin = begin
    this.#bytes = bytes
    this.#decoder = decoder
    this.#options = options
    this.#file = file
    this.#builder = new RecordBuilder(options.values, options.refusesOthers)
    this.#listen()
  }

  next(): RawRecord | undefined {
    const found = this.#found[this.#at]
    if (found === undefined) return undefined
    this.#at++
    this.#current = found.place
    return textRecord(found.values, this.#options.columns.length)
  }

  async more(): Promise<boolean> {
    this.#found = []
    this.#at = 0
    if (this.#isEnded) return false
    const chunk = await this.#read()
    const text = this.#decoder.decode(chunk, this.#isEnded).toString('utf8')
    if (!this.#isMarkCounted) {
      this.#isMarkCounted = true
      this.#countedBytes = this.#decoder.markBytes
    }
    for (let from = 0; from < text.length; from += PIECE) this.#parse(text.slice(from, from + PIECE))
    if (this.#isEnded) this.#parser.close()
    return !this.#isEnded || this.#found.length > 0
  }

  async #read(): Promise<Buffer> {
    const begin = this.#begin
    this.#begin = undefined
    if (begin !== undefined && begin.length > 0) return begin
    const { value, done } = await this.#bytes.next()
    this.#isEnded = done === true
    return value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.length)
      : Buffer.alloc(0)
  }

  placeOf(): string {
    return placeText(this.#current)
  }

  async close(): Promise<void> {
    await this.#bytes.return(undefined)
  }

  #parse(piece: string): void {
    this.#piece = piece
    this.#countedChars = 0
    this.#parser.write(piece)
    const begun = this.#builder.depth > 0 ? this.#recordStart : this.#settled
    if (this.#pieceStart + piece.length - begun > this.#options.maxRecordBytes) throw this.#tooLarge()
    this.#countedBytes += this.#widthTo(piece.length)
    this.#pieceStart += piece.length
  }

  #listen(): void {
    const parser = this.#parser
    parser.on('doctype', () => {
      throw this.#malformed(
        'has a document type declaration, which is refused',
        'Remove it, with its entities',
      )
    })
    parser.on('error', (error) => {
      throw this.#malformed(`is not well-formed: ${reasonOf(error)}`)
    })
    parser.on('opentagstart', ({ name }) => this.#openElement(name))
    parser.on('attribute', ({ name, value }) => {
      this.#settle()
      if (this.#builder.depth > 0) this.#build(() => this.#builder.attribute(name, value))
    })
    const text = (given: string): void => {
      this.#settle()
      if (this.#builder.depth > 0) this.#build(() => this.#builder.text(given))
    }
    parser.on('text', text)
    parser.on('cdata', text)
    for (const event of ['comment', 'processinginstruction'] as const) parser.on(event, () => this.#settle())
    parser.on('closetag', () => this.#closeElement())
  }

  #openElement(name: string): void {
    this.#settle()
    const { record } = this.#options
    if (this.#path.length + this.#builder.depth >= MAX_DEPTH)
      throw this.#malformed(`has elements nested deeper than ${MAX_DEPTH}`)
    if (this.#builder.depth === 0) {
      const depth = this.#path.length
      const isOnTheWay =
        depth < record.length &&
        isNamed(record[depth] ?? '', name) &&
        this.#path.every((open, index) => isNamed(record[index] ?? '', open))
      if (depth === 0 && !isOnTheWay) {
        throw this.#malformed(`has the root element ${shown(name)}`, 'Correct `format.record`')
      }
      if (!isOnTheWay || depth + 1 < record.length) {
        this.#path.push(name)
        return
      }
      // The parser is behind the name and what ended it.
      this.#recordStart = Math.max(0, this.#parser.position - name.length - 2)
      this.#recordPlace = this.#placeOf(this.#recordStart)
    }
    this.#build(() => this.#builder.openElement(name))
  }

  #closeElement(): void {
    this.#settle()
    if (this.#builder.depth === 0) {
      this.#path.pop()
      return
    }
    const values = this.#builder.closeElement()
    if (values !== undefined) this.#found.push({ values, place: this.#recordPlace })
  }

  #build(add: () => void): void {
    try {
      add()
    } catch (error) {
      if (!(error instanceof UnfitContent)) throw error
      const where = `${this.#file}, ${placeText(this.#recordPlace)}`
      if (error.column >= 0) {
        const { name } = this.#options.columns[error.column]!
        throw failure('file-records-value-invalid', `Column ${shown(name)} of ${where} ${error.message}`, {
          path: `query.columns.${error.column}`,
        })
      }
      throw failure(
        'file-records-columns-differ',
        `The record of ${where} has what no column takes: ${shown(error.message)}`,
        {
          path: 'query.columns',
          fix: 'List it under `columns`, or set `otherColumns: drop`',
        },
      )
    }
  }

  #settle(): void {
    this.#settled = this.#parser.position
  }

  /** Where a character stands that the parser counts; of an earlier piece, where this one begins. */
  #placeOf(position: number): Place {
    const chars = Math.max(this.#countedChars, position - this.#pieceStart)
    this.#countedBytes += this.#widthTo(chars)
    return { line: this.#parser.line, byte: this.#countedBytes }
  }

  /** Bytes of the file from what was counted so far to a character of the piece. */
  #widthTo(chars: number): number {
    const utf8 = Buffer.from(this.#piece.slice(this.#countedChars, chars))
    this.#countedChars = chars
    return this.#decoder.width(utf8, 0, utf8.length)
  }

  #tooLarge(): Error {
    const place = placeText({ line: this.#parser.line, byte: this.#countedBytes })
    return failure(
      'file-records-record-too-large',
      `The record of ${this.#file} at ${place} is larger than ${this.#options.maxRecordBytes} bytes`,
      { path: 'query.format.record' },
    )
  }

  #malformed(what: string, fix?: string): Error {
    const { line, byte } = this.#placeOf(this.#parser.position)
    return failure('file-records-malformed', `${this.#file}, ${placeText({ line, byte })} ${what}`, {
      path: 'query.format',
      ...(fix === undefined ? {} : { fix }),
    })
  }
}

/** What the parser says, without its place, and without what it quotes of the file. */
function reasonOf(error: Error): string {
  const reason = error.message.replace(/^(?:\d+:)+ ?/, '')
  return reason.split(':')[0]?.replace(/\.$/, '').toLowerCase() ?? 'broken'
}
