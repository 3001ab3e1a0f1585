import { failure } from '../errors.ts'
import type { PartHandler } from './parse-part.ts'

/** Texts that cells of a workbook refer to by number, in one piece of memory with a limit (I8). */
export class SharedStrings {
  readonly #file: string
  readonly #maxBytes: number
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #ends = new Float64Array(1024)
  #length = 0
  #count = 0

  constructor(file: string, maxBytes: number) {
    this.#file = file
    this.#maxBytes = maxBytes
  }

  /** @returns undefined when there is no text of this number */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#count)) return undefined
    return this.#bytes.toString('utf8', index === 0 ? 0 : this.#ends[index - 1], this.#ends[index])
  }

  handler(): PartHandler {
    let text = ''
    let isText = false
    let isPhonetic = false
    return {
      open(name) {
        if (name === 'si') text = ''
        else if (name === 'rPh') isPhonetic = true
        else if (name === 't') isText = !isPhonetic
      },
      text(given) {
        if (isText) text += given
      },
      close: (name) => {
        if (name === 't') isText = false
        else if (name === 'rPh') isPhonetic = false
        else if (name === 'si') this.#add(unescapeText(text))
      },
    }
  }

  #add(text: string): void {
    const length = this.#length + Buffer.byteLength(text)
    if (length + 8 * this.#count > this.#maxBytes) {
      throw failure(
        'file-records-record-too-large',
        `The texts that cells of ${this.#file} share are larger than ${this.#maxBytes} bytes`,
        {
          path: 'query.path',
          fix: 'Raise `maxRecordSize` of the connection: they may take four times as much',
        },
      )
    }
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * length)
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    if (this.#count === this.#ends.length) {
      const larger = new Float64Array(2 * this.#count)
      larger.set(this.#ends)
      this.#ends = larger
    }
    this.#bytes.write(text, this.#length)
    this.#length = length
    this.#ends[this.#count++] = length
  }
}

/** Characters that XML cannot have stand as `_x000D_`; an underscore before such a text as `_x005F_`. */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text
  return text
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .toWellFormed()
}
