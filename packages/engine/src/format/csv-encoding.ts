import { BulkheadError, type CsvOptions, type ErrorDetails, type Field } from '@bulkhead/connector-sdk'
import { fault, faultDetails } from '@bulkhead/contract'
import iconv from 'iconv-lite'
import type { RowFormatter } from './row-formatter.ts'

/**
 * CSV in another encoding than UTF-8. What was encoded is decoded again and compared: `iconv-lite`
 * puts `?` for a character that the encoding lacks, and a result must not lose one silently.
 *
 * @param firstRow  number of the first row, for messages
 * @throws BulkheadError `output-unsupported` for an encoding that cannot hold CSV, `csv-encoding` for a character
 */
export function encodeCsv(
  formatter: RowFormatter,
  fields: readonly Field[],
  csv: CsvOptions,
  firstRow: number,
): RowFormatter {
  const { encoding } = csv
  const name = encodingName(encoding)
  if (name === 'utf8') return formatter
  const refused = encodingFault(csv)
  if (refused !== undefined) throw new BulkheadError(refused)
  let row = firstRow
  const encode = (bytes: Uint8Array, where: (text: string) => string): Buffer => {
    const text = utf8.decode(bytes)
    const encoded = iconv.encode(text, encoding, { addBOM: false })
    const back = iconv.decode(encoded, encoding, { stripBOM: false })
    if (back === text) return encoded
    throw fault(
      'csv-encoding',
      `${where(text.slice(0, firstDifference(text, back)))} has a character that does not exist in ${encoding}`,
      { path: 'output.csv.encoding' },
    )
  }
  // UTF-16 and UTF-32 without a byte order in their name begin with the mark that tells it.
  const mark = ['utf16', 'utf32', 'ucs4'].includes(name)
    ? iconv.encode('\uFEFF', encoding, { addBOM: false })
    : Buffer.alloc(0)
  return {
    header: Buffer.concat([mark, encode(formatter.header, () => 'The name of a column')]),
    format(batch, from, room) {
      let rows = room.rows
      for (;;) {
        // A row may be shorter or longer than in UTF-8, so the room in bytes is judged afterwards.
        const piece = formatter.format(batch, from, { rows, bytes: Number.POSITIVE_INFINITY })
        const bytes = encode(piece.bytes, (before) => place(before, fields, csv, row))
        const count = piece.next - from
        if (bytes.length > room.bytes) {
          if (count <= 1) return { bytes: new Uint8Array(0), next: from }
          rows = Math.max(1, Math.min(count - 1, Math.floor((count * room.bytes) / bytes.length)))
          continue
        }
        row += count
        return { bytes, next: piece.next }
      }
    },
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Every character that the engine itself writes. */
const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('') + '\r\n\t'

/** The name as `iconv-lite` compares it: `UTF-16`, `utf_16` and `utf16` are one encoding. */
export function encodingName(encoding: string): string {
  return encoding.toLowerCase().replaceAll(/:\d{4}$|[^0-9a-z]/g, '')
}

/** Why CSV cannot be written in its encoding, if so: `output-unsupported`. */
export function encodingFault(
  { encoding, delimiter, nullText }: CsvOptions,
  path = 'output.csv.encoding',
): ErrorDetails | undefined {
  // The library reads its tables when it is first asked; most runs never ask.
  if (encodingName(encoding) === 'utf8') return undefined
  if (!isKnown(encoding)) {
    return faultDetails('output-unsupported', `Unknown encoding "${encoding.slice(0, 40)}"`, {
      path,
      fix: 'Give the name of a character set, such as utf-8, windows-1252 or utf-16le',
    })
  }
  // Also refuses what the library calls an encoding and is none for text: base64, hex.
  const sample = ascii + delimiter + nullText
  if (iconv.decode(iconv.encode(sample, encoding, { addBOM: false }), encoding) === sample) return undefined
  return faultDetails('output-unsupported', `The encoding "${encoding}" cannot hold this CSV`, {
    path,
    fix: 'Choose an encoding with all ASCII characters, the delimiter and the null text, such as utf-8',
  })
}

/** The library declares a type guard, which would leave nothing of the other names. */
function isKnown(encoding: string): boolean {
  return iconv.encodingExists(encoding)
}

function firstDifference(text: string, other: string): number {
  let at = 0
  while (at < other.length && text[at] === other[at]) at++
  return at
}

/** Row and column where CSV text that begins with row `firstRow` ends; never the value. */
function place(before: string, fields: readonly Field[], csv: CsvOptions, firstRow: number): string {
  let row = firstRow
  let column = 0
  let quoted = false
  for (const character of before) {
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === csv.delimiter) column++
    else if (character === '\n') {
      row++
      column = 0
    }
  }
  return `Column "${fields[column]?.name ?? column + 1}" of row ${row}`
}
