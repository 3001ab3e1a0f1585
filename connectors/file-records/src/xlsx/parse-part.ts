import { SaxesParser } from 'saxes'
import { failure } from '../errors.ts'

/** Characters that the parser gets at once. */
const PIECE = 64 * 1024

/** What the reader of a part wants to know of it. Names come without their prefix. */
export interface PartHandler {
  open?(name: string, attributes: Readonly<Record<string, string>>): void
  text?(text: string): void
  close?(name: string): void
}

/** Parses a part of a workbook as it comes. Declarations of types and entities are refused. */
export class PartParser {
  readonly #parser = new SaxesParser({ xmlns: false, position: true })
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  readonly #name: string
  readonly #maxBytes: number
  #settled = 0

  /**
   * @param name      of the part, for errors
   * @param maxBytes  most that may stand between two ends of elements
   */
  constructor(name: string, handler: PartHandler, maxBytes: number) {
    this.#name = name
    this.#maxBytes = maxBytes
    const parser = this.#parser
    const fail = (): never => {
      throw this.#broken()
    }
    parser.on('doctype', fail)
    parser.on('error', fail)
    parser.on('opentag', (tag) => handler.open?.(local(tag.name), tag.attributes as Record<string, string>))
    parser.on('text', (text) => handler.text?.(text))
    parser.on('cdata', (text) => handler.text?.(text))
    parser.on('closetag', (tag) => {
      this.#settled = parser.position
      handler.close?.(local(tag.name))
    })
  }

  write(bytes: Uint8Array): void {
    const text = this.#decode(bytes)
    for (let from = 0; from < text.length; from += PIECE) {
      this.#parser.write(text.slice(from, from + PIECE))
      if (this.#parser.position - this.#settled > this.#maxBytes) {
        throw failure(
          'file-records-record-too-large',
          `A value of ${this.#name} is larger than ${this.#maxBytes} bytes`,
          { path: 'query.format' },
        )
      }
    }
  }

  end(): void {
    this.#decode(undefined)
    this.#parser.close()
  }

  #decode(bytes: Uint8Array | undefined): string {
    try {
      return this.#decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      throw this.#broken()
    }
  }

  #broken(): Error {
    return failure('file-records-malformed', `${this.#name} is no part of a workbook as Excel writes it`, {
      path: 'query.path',
      fix: 'Open the file with Excel and save it again as .xlsx',
    })
  }
}

/** A name without its prefix. */
function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** Parses a part from its beginning to its end. */
export async function parsePart(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  handler: PartHandler,
  maxBytes: number,
): Promise<void> {
  const parser = new PartParser(name, handler, maxBytes)
  for await (const chunk of bytes) parser.write(chunk)
  parser.end()
}
