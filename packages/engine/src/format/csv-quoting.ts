import type { CsvOptions } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * When and how a CSV value is quoted, by the rules of PostgreSQL's `COPY ... CSV`: it holds the
 * delimiter, a quote or a line break, it equals the null text, or it is `\.` and alone in its row.
 */
export interface Quoting {
  readonly delimiter: Uint8Array
  readonly nullText: Uint8Array
  /** 1 for every byte that may need quotes: quote, line breaks, first byte of the delimiter. */
  readonly special: Uint8Array
  readonly always: boolean
  /** Whether bytes from..to need quotes, given that one of them is special or that they are few. */
  readonly needsQuotes: (bytes: Uint8Array, from: number, to: number) => boolean
}

export const quote = 0x22
const encoder = new TextEncoder()

/**
 * @param columns  how many there are in a row
 * @throws BulkheadError `output-unsupported` for a null text that would change the columns, as PostgreSQL refuses it
 */
export function createQuoting(csv: CsvOptions, columns: number): Quoting {
  if (csv.nullText.includes(csv.delimiter) || /["\r\n]/.test(csv.nullText)) {
    throw fault('output-unsupported', 'The null text holds the delimiter, a quote or a line break', {
      path: 'output.csv.nullText',
      fix: 'Choose a null text without them: null is never written in quotes',
    })
  }
  const delimiter = encoder.encode(csv.delimiter)
  const nullText = encoder.encode(csv.nullText)
  const special = new Uint8Array(256)
  for (const byte of [quote, 0x0a, 0x0d, delimiter[0]!]) special[byte] = 1
  return {
    delimiter,
    nullText,
    special,
    always: csv.quote === 'all',
    needsQuotes(bytes, from, to) {
      if (equals(bytes, from, to, nullText)) return true
      // The end-of-data marker of PostgreSQL's text form, when it would stand alone on a line.
      if (columns === 1 && to - from === 2 && bytes[from] === 0x5c && bytes[from + 1] === 0x2e) return true
      for (let index = from; index < to; index++) {
        const byte = bytes[index]!
        if (special[byte] === 0) continue
        if (byte !== delimiter[0] || beginsWith(bytes, index, to, delimiter)) return true
      }
      return false
    },
  }
}

/** Appends the value in quotes, each quote in it doubled: at most twice the bytes and two. */
export function writeQuoted(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let end = at
  out[end++] = quote
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    if (byte === quote) out[end++] = quote
    out[end++] = byte
  }
  out[end++] = quote
  return end
}

/** A text as it stands in the file, for what is prepared once: names of columns, true and false. */
export function quotedText(text: string, quoting: Quoting, always = false): Uint8Array {
  const bytes = encoder.encode(text)
  if (!always && !quoting.needsQuotes(bytes, 0, bytes.length)) return bytes
  const out = new Uint8Array(2 * bytes.length + 2)
  return out.subarray(0, writeQuoted(out, 0, bytes, 0, bytes.length))
}

function equals(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  return to - from === other.length && beginsWith(bytes, from, to, other)
}

function beginsWith(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from < other.length) return false
  for (let index = 0; index < other.length; index++) if (bytes[from + index] !== other[index]) return false
  return true
}
