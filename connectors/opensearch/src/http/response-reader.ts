import type { ByteBuffer } from '../byte-buffer.ts'
import { AnswerTooLarge, NotHttp } from './failures.ts'

/** Most bytes of status line and headers. */
const MOST_HEAD = 64 * 1024
/** Most characters of a line that says how long a chunk is. */
const MOST_LINE = 1024

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'done'

/**
 * Reads one answer of HTTP/1.1 from the bytes of a connection, as they come. The content goes straight
 * into the buffer that it is for; what it is fed with may be used again at once.
 *
 * @see RFC 9112, sections 2 to 7
 */
export class ResponseReader {
  status = 0
  /** By name in lower case; of a repeated one the values joined by a comma. */
  headers: ReadonlyMap<string, string> = new Map()
  readonly #into: ByteBuffer
  readonly #mostBytes: number
  #state: State = 'head'
  #head = ''
  /** Bytes of the content, or of the chunk, that are still to come. */
  #left = 0
  #line = ''

  constructor(into: ByteBuffer, mostBytes: number) {
    this.#into = into
    this.#mostBytes = mostBytes
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** Whether the connection can be used for another request. */
  get staysOpen(): boolean {
    return !/\bclose\b/i.test(this.headers.get('connection') ?? '') && !this.#isOld
  }
  #isOld = false

  /** @throws NotHttp, AnswerTooLarge; the connection is of no use then */
  feed(bytes: Buffer, length: number): void {
    let at = 0
    while (at < length) {
      if (this.#state === 'done') throw new NotHttp('There are bytes behind the answer')
      at = this.#take(bytes, at, length)
    }
  }

  /** The server ended the connection. @returns whether the answer is whole */
  end(): boolean {
    if (this.#state === 'until-close') this.#state = 'done'
    return this.isDone
  }

  /** @returns behind what was taken */
  #take(bytes: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes, at, end)
      case 'length':
      case 'until-close':
      case 'chunk':
        return this.#takeContent(bytes, at, end)
      case 'chunk-size':
      case 'chunk-end':
      case 'trailers':
        return this.#takeLine(bytes, at, end)
      case 'done':
        return end
    }
    return this.#state satisfies never
  }

  #takeHead(bytes: Buffer, from: number, end: number): number {
    const before = this.#head.length
    this.#head += bytes.toString('latin1', from, Math.min(end, from + MOST_HEAD))
    // the blank line may have begun in what came before
    const blank = this.#head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (blank === -1) {
      if (this.#head.length >= MOST_HEAD || !beginsLikeHttp(this.#head)) throw new NotHttp('There is no head')
      return end
    }
    const head = this.#head.slice(0, blank)
    this.#head = ''
    this.#begin(head)
    return from + blank + 4 - before
  }

  #begin(head: string): void {
    const [statusLine = '', ...lines] = head.split('\r\n')
    const [, minor, status] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine) ?? []
    if (status === undefined) throw new NotHttp('The first line is no status')
    const headers = new Map<string, string>()
    for (const line of lines) {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new NotHttp('A header has no name')
      const key = name.toLowerCase()
      const known = headers.get(key)
      headers.set(key, known === undefined ? value : `${known}, ${value}`)
    }
    this.status = Number(status)
    this.headers = headers
    this.#isOld = minor === '0'
    if (this.status < 200) return // a word before the answer
    this.#state = this.#framing()
  }

  #framing(): State {
    const encoding = this.headers.get('transfer-encoding')
    const length = this.headers.get('content-length')
    this.#into.begin()
    if (this.status === 204 || this.status === 304) return 'done'
    if (encoding !== undefined) {
      if (encoding.toLowerCase() !== 'chunked' || length !== undefined)
        throw new NotHttp('The content is of an unknown form')
      return 'chunk-size'
    }
    if (length === undefined) {
      this.#isOld = true
      this.#left = Infinity
      return 'until-close'
    }
    if (!/^\d{1,15}$/.test(length)) throw new NotHttp('The length is no number')
    this.#left = Number(length)
    // told before a byte of it is read
    if (this.#left > this.#mostBytes) throw new AnswerTooLarge(this.#left)
    this.#into.begin(this.#left)
    return this.#left === 0 ? 'done' : 'length'
  }

  #takeContent(bytes: Buffer, from: number, end: number): number {
    const taken = Math.min(this.#left, end - from)
    if (this.#into.length + taken > this.#mostBytes) throw new AnswerTooLarge(this.#into.length + taken)
    this.#into.add(bytes, from, from + taken)
    this.#left -= taken
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-end' : 'done'
    return from + taken
  }

  #takeLine(bytes: Buffer, from: number, end: number): number {
    const found = bytes.indexOf(0x0a, from)
    const stop = found === -1 || found >= end ? end : found + 1
    this.#line += bytes.toString('latin1', from, stop)
    if (this.#line.length > MOST_LINE) throw new NotHttp('A line is too long')
    if (!this.#line.endsWith('\n')) return stop
    const line = this.#line.replace(/\r?\n$/, '')
    this.#line = ''
    this.#state = this.#afterLine(line)
    return stop
  }

  #afterLine(line: string): State {
    if (this.#state === 'trailers') return line === '' ? 'done' : 'trailers'
    if (this.#state === 'chunk-end') {
      if (line !== '') throw new NotHttp('A chunk is longer than it says')
      return 'chunk-size'
    }
    const [, size] = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line) ?? []
    if (size === undefined) throw new NotHttp('A chunk has no size')
    this.#left = Number.parseInt(size, 16)
    return this.#left === 0 ? 'trailers' : 'chunk'
  }
}

/** Told early: what is no HTTP may never send a blank line. */
function beginsLikeHttp(head: string): boolean {
  return 'HTTP/1.'.startsWith(head.slice(0, 7))
}
