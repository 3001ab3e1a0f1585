import { failure, shown } from '../errors.ts'
import { type Encoding, encodingByName } from '../text/encodings.ts'

/** Bytes in which the XML declaration stands. */
const DECLARATION_BYTES = 1024

/**
 * The encoding that a file of XML says itself: by byte order mark, by the shape of `<?`, by the declaration, else
 * UTF-8 (XML 1.0, appendix F).
 * @returns the bytes too that were read to find it
 * @throws `file-records-undecodable` for an encoding that is not known here
 */
export async function findEncoding(
  bytes: AsyncGenerator<Uint8Array>,
  file: string,
): Promise<{ readonly encoding: Encoding; readonly begin: Buffer }> {
  const pieces: Uint8Array[] = []
  let length = 0
  while (length < DECLARATION_BYTES) {
    const { value, done } = await bytes.next()
    if (done === true) break
    pieces.push(value)
    length += value.length
  }
  const begin = Buffer.concat(pieces)
  return { encoding: encodingOf(begin, file), begin }
}

function encodingOf(begin: Buffer, file: string): Encoding {
  const [first, second] = begin
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'utf-16'
  if (first === 0x3c && second === 0) return 'utf-16le'
  if (first === 0 && second === 0x3c) return 'utf-16be'
  const text = begin.toString('latin1', 0, DECLARATION_BYTES).replace(/^\u00ef\u00bb\u00bf/, '')
  const [, name] = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(text) ?? []
  const encoding = name === undefined ? 'utf-8' : encodingByName(name)
  if (encoding !== undefined) return encoding
  throw failure('file-records-undecodable', `${file} declares the encoding ${shown(name ?? '')}`, {
    path: 'query.format.encoding',
    fix: 'Set `format.encoding` to one of the encodings of the documentation',
  })
}
