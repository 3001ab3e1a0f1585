import { createHash, type Hash } from 'node:crypto'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import type { HttpAnswer, HttpRequest } from './client/http-client.ts'
import { pause } from './client/pace.ts'
import type { Requester } from './client/requester.ts'
import { httpFault } from './errors.ts'
import type { Pointer } from './json/json-pointer.ts'
import { JsonFault, JsonScanner } from './json/json-scanner.ts'

export interface PageOptions {
  readonly requester: Requester
  readonly records: Pointer | undefined
  readonly captures: readonly Pointer[]
  /** Which of them is where the answer says what is wrong with it. */
  readonly errorsCapture: number | undefined
  readonly maxRecordBytes: number
  readonly attempts: number
  /** Status of an answer that stands for a page without records. */
  readonly endStatus: number | undefined
  readonly log: Log
}

/** Codes of a page that broke off, and may come whole when it is read again. */
const breaks = new Set(['http-connection-lost', 'http-timeout', 'http-answer-truncated'])

/**
 * One page, read as it arrives: its records one by one, and what paging needs when it is over.
 *
 * A page that breaks off is asked for again, and its first records, which were handed out, are read
 * over. That they are the same is checked by their digest: nothing is lost and nothing comes twice.
 */
export class Page {
  readonly #options: PageOptions
  readonly #request: HttpRequest
  readonly #name: string
  #answer: HttpAnswer | undefined
  #chunks: AsyncIterator<Buffer> | undefined
  #scanner: JsonScanner
  #scanned: Iterator<Uint8Array, void, void> | undefined
  #hash: Hash = createHash('sha256')
  /** Records of this attempt, and how many of them were handed out before. */
  #seen = 0
  #skip: { readonly count: number; readonly digest: string } | undefined
  #attempt = 1
  #isOver = false

  /** @param number  of the page, from 1, for messages */
  constructor(request: HttpRequest, number: number, options: PageOptions) {
    this.#request = request
    this.#name = `page ${number}`
    this.#options = options
    this.#scanner = this.#newScanner()
  }

  /** The answer; undefined before the first record. */
  get answer(): HttpAnswer | undefined {
    return this.#answer
  }

  /** Whether its status says that there is no such page any more. */
  get isBehindLast(): boolean {
    const { endStatus } = this.#options
    return endStatus !== undefined && this.#answer?.status === endStatus
  }

  /** Records so far. */
  get records(): number {
    return this.#seen
  }

  /** Digest of its records; once, at its end. */
  digest(): string {
    return this.#hash.copy().digest('base64')
  }

  captured(index: number): string | undefined {
    return this.#scanner.captured(index)
  }

  /** The next record that is already here; undefined when `read` has to fetch more. Valid until the next call. */
  take(): Uint8Array | undefined {
    while (this.#scanned !== undefined) {
      const next = this.#step(this.#scanned)
      if (next === undefined) this.#scanned = undefined
      else if (this.#counts(next)) return next
    }
    return undefined
  }

  /**
   * The next record, fetched where needed; undefined at the end of the page.
   * @throws BulkheadError; the reason of the signal
   */
  async read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (!this.#isOver) {
      try {
        const record = this.take() ?? (await this.#fetch(signal))
        if (record !== undefined) return record
      } catch (error) {
        signal.throwIfAborted()
        await this.#again(error, signal)
      }
    }
    return undefined
  }

  /** Leaves it, wherever it is. */
  close(): void {
    this.#isOver = true
    this.#answer?.discard()
  }

  /** Reads on to the next record, or to the end. */
  async #fetch(signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#chunks === undefined) {
      const { requester, endStatus } = this.#options
      this.#answer = await requester.request(this.#request, this.#name, signal, endStatus)
      if (this.isBehindLast) {
        this.close()
        return undefined
      }
      this.#chunks = this.#answer.body[Symbol.asyncIterator]()
    }
    for (let isFirst = this.#scanner.isFresh; ; isFirst = false) {
      const { done, value } = await this.#chunks.next()
      if (done === true) return this.#end()
      // A byte order mark is no JSON, and some servers send it.
      const chunk =
        isFirst && value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf ? value.subarray(3) : value
      this.#scanned = this.#scanner.scan(chunk)
      const record = this.take()
      if (record !== undefined) return record
    }
  }

  #end(): Uint8Array | undefined {
    const { status } = this.#answer!
    let last: Uint8Array | undefined
    // 204 and 205 say that there is nothing, also no list.
    if (status !== 204 && status !== 205) {
      try {
        last = this.#scanner.end()
      } catch (error) {
        throw this.#faultOf(error)
      }
      if (this.#options.records !== undefined && !this.#scanner.found)
        throw httpFault(
          'http-records-missing',
          `The answer of ${this.#name} has no list of records at the place that the query names`,
          { path: 'query.records' },
        )
    }
    const record = last !== undefined && this.#counts(last) ? last : undefined
    this.#isOver = true
    if (this.#skip !== undefined && this.#seen < this.#skip.count) throw this.#changed()
    return record
  }

  #step(scanned: Iterator<Uint8Array, void, void>): Uint8Array | undefined {
    try {
      const { value } = scanned.next()
      return value ?? undefined
    } catch (error) {
      throw this.#faultOf(error)
    }
  }

  /** Counts a record. @returns whether it is new to the reader */
  #counts(record: Uint8Array): boolean {
    this.#hash.update(record)
    // Without a separator `1`, `23` would be `12`, `3`.
    this.#hash.update(separator)
    this.#seen++
    if (this.#skip === undefined || this.#seen > this.#skip.count) return true
    if (this.#seen === this.#skip.count && this.digest() !== this.#skip.digest) throw this.#changed()
    return false
  }

  /** Begins the page again after it broke off; throws what is no such break. */
  async #again(error: unknown, signal: AbortSignal): Promise<void> {
    this.#answer?.discard()
    const { attempts, log } = this.#options
    const hasBegun = this.#chunks !== undefined
    if (!hasBegun || !isBulkheadError(error) || !breaks.has(error.code) || this.#attempt >= attempts)
      throw error
    const handedOut = Math.max(this.#seen, this.#skip?.count ?? 0)
    // While reading over, the digest of what was handed out is the old one.
    if (this.#skip === undefined || this.#seen > this.#skip.count)
      this.#skip = { count: handedOut, digest: this.digest() }
    log.warn(`${this.#name} broke off, it is read again: ${error.message}`, {
      code: error.code,
      attempt: this.#attempt,
      records: handedOut,
    })
    await pause(200 * this.#attempt + Math.random() * 200, signal)
    this.#attempt++
    this.#chunks = undefined
    this.#scanned = undefined
    this.#scanner = this.#newScanner()
    this.#hash = createHash('sha256')
    this.#seen = 0
  }

  #newScanner(): JsonScanner {
    const { records, captures, maxRecordBytes } = this.#options
    return new JsonScanner({ records, captures, maxRecordBytes })
  }

  #faultOf(error: unknown): unknown {
    if (!(error instanceof JsonFault)) return error
    const said = `${this.#name}: ${error.message}`
    switch (error.reason) {
      case 'truncated':
        return httpFault('http-answer-truncated', said)
      case 'record-too-large':
        return httpFault('http-record-too-large', said, { path: 'config.maxRecordSize' })
      case 'value-too-large':
        if (error.capture !== undefined && error.capture === this.#options.errorsCapture)
          return httpFault('http-errors-reported', `${this.#name} says at length that it is not whole`, {
            path: 'query.errorsAt',
          })
        return httpFault('http-paging-broken', said, { path: 'query.paging' })
      case 'not-a-list':
        return httpFault('http-records-missing', said, { path: 'query.records' })
      case 'too-deep':
        return httpFault('http-answer-invalid', said)
      case 'syntax': {
        const isJson = /json/i.test(this.#answer?.headers['content-type'] ?? '')
        return isJson
          ? httpFault('http-answer-invalid', said, { path: 'query.format' })
          : httpFault('http-answer-not-json', said, { path: 'query.path' })
      }
      default:
        return error.reason satisfies never
    }
  }

  #changed(): Error {
    return httpFault('http-page-changed', `${this.#name} broke off, and has other records now`)
  }
}

const separator = Buffer.from('\n')
