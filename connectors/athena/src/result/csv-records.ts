import { athenaError } from '../errors.ts'

/** A record of the result: text, or null. */
export type TextRecord = readonly (string | null)[]

/** Largest record, characters: a row of Athena has at most 32 MB. */
const maxRecord = 64 * 1024 * 1024

/**
 * Takes a result object of Athena apart: values in quotes, `""` for a quote, line breaks inside, null as nothing at
 * all, `""` as the empty text; so an empty line is a record of one null. State is kept between pieces, so that each
 * character is looked at once, wherever the pieces end.
 */
export class CsvRecords {
  #record: (string | null)[] = []
  #value = ''
  #size = 0
  #state: 'start' | 'plain' | 'quoted' | 'quote' = 'start'

  /** The records that end in this piece. @throws BulkheadError `athena-protocol` */
  feed(text: string): TextRecord[] {
    const records: TextRecord[] = []
    let at = 0
    while (at < text.length) {
      if (this.#state === 'quoted') {
        const quote = text.indexOf('"', at)
        const end = quote === -1 ? text.length : quote
        this.#take(text.slice(at, end))
        if (quote !== -1) this.#state = 'quote'
        at = end + 1
        continue
      }
      if (this.#state === 'plain') {
        const end = endOfPlain(text, at)
        this.#take(text.slice(at, end))
        at = end
        if (at === text.length) break
      }
      const char = text.charAt(at++)
      if (char === ',') this.#endValue()
      else if (char === '\n') {
        this.#endValue()
        records.push(this.#record)
        this.#record = []
        this.#size = 0
      } else if (char === '"') {
        if (this.#state === 'quote') this.#take('"')
        this.#state = 'quoted'
      } else if (this.#state === 'quote') throw malformed('text follows a closing quote')
      else {
        this.#take(char)
        this.#state = 'plain'
      }
    }
    return records
  }

  /** The record that ends with the object, where no line break does. @throws BulkheadError `athena-protocol` */
  end(): TextRecord[] {
    if (this.#state === 'quoted') throw malformed('it ends inside a value')
    if (this.#state === 'start' && this.#record.length === 0) return []
    this.#endValue()
    return [this.#record]
  }

  #take(text: string): void {
    this.#size += text.length
    if (this.#size > maxRecord) throw malformed(`a record has more than ${maxRecord} characters`)
    this.#value += text
  }

  #endValue(): void {
    this.#record.push(this.#state === 'start' ? null : this.#value)
    this.#value = ''
    this.#state = 'start'
  }
}

function endOfPlain(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charAt(at) !== ',' && text.charAt(at) !== '\n') at++
  return at
}

function malformed(what: string): Error {
  return athenaError('athena-protocol', `The result in S3 is not in the CSV of Athena: ${what}`)
}
