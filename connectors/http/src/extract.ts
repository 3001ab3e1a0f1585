import type { Batch, Extract, Log, ReadRequest } from '@bulkhead/connector-sdk'
import type { HttpRequest } from './client/http-client.ts'
import type { Requester } from './client/requester.ts'
import { fieldsOf, recordBatches } from './columns/record-batch.ts'
import { Deadline } from './deadline.ts'
import { httpFault } from './errors.ts'
import { recordFinder } from './json/find-values.ts'
import type { Pointer } from './json/json-pointer.ts'
import { compactJson } from './json/compact-json.ts'
import { jsonText } from './json/json-text.ts'
import { Page } from './page.ts'
import { createPager, type Pager, type PageTarget } from './paging/pager.ts'
import type { BoundQuery } from './query.ts'
import type { Settings } from './settings.ts'
import { addQueryParameters, targetUrl } from './target-url.ts'

export interface ExtractOptions {
  readonly settings: Settings
  readonly requester: Requester
  readonly queryTimeoutMs: number
  readonly log: Log
  /** Ends with the source. */
  readonly closed: AbortSignal
}

/**
 * Begins a read: the first page is asked for, and read up to its first record, so that a wrong query is
 * found before anything is delivered.
 */
export async function createExtract(
  query: BoundQuery,
  read: ReadRequest,
  options: ExtractOptions,
  signal: AbortSignal,
): Promise<Extract> {
  const { settings } = options
  const url = targetUrl(settings.base, query.path, 'query.path')
  addQueryParameters(url, query.queryParameters, 'query.queryParameters')
  const pager = createPager(query.paging, { url, body: query.body })
  const pages = new Pages(query, pager, options)
  const deadline = new Deadline(options.queryTimeoutMs)
  // A page that was begun by `prepare` goes on in `read`: both can stop it.
  const stop = new AbortController()
  const ends = AbortSignal.any([stop.signal, options.closed, deadline.signal])
  try {
    using _link = forwardAbort(signal, stop)
    deadline.start()
    if (read.maxRows !== 0) await pages.begin(ends)
    deadline.stop()
  } catch (error) {
    deadline.stop()
    pages.close()
    throw error
  }
  return {
    fields: fieldsOf(query.shape),
    consistency: 'none',
    async *read(readSignal) {
      using _link = forwardAbort(readSignal, stop)
      try {
        deadline.start()
        for await (const batch of readBatches(pages, query, read, ends)) {
          deadline.stop()
          yield batch
          ends.throwIfAborted()
          deadline.start()
        }
      } finally {
        deadline.stop()
        pages.close()
      }
    },
    [Symbol.asyncDispose]() {
      deadline.stop()
      pages.close()
      return Promise.resolve()
    },
  }
}

function forwardAbort(from: AbortSignal, to: AbortController): Disposable {
  const abort = (): void => to.abort(from.reason)
  if (from.aborted) abort()
  from.addEventListener('abort', abort, { once: true })
  return { [Symbol.dispose]: () => from.removeEventListener('abort', abort) }
}

async function* readBatches(
  pages: Pages,
  { shape }: BoundQuery,
  { maxRows = Infinity, batchRows, batchBytes }: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const batches = recordBatches(shape, batchRows, batchBytes)
  let count = 0
  while (count < maxRows) {
    const record = pages.take() ?? (await pages.read(signal))
    if (record === undefined) break
    count++
    if (batches.add(record, count)) continue
    yield batches.take()
    batches.add(record, count)
  }
  if (batches.rows > 0) yield batches.take()
}

/** The pages of a read as one sequence of records. One page is open at a time. */
class Pages {
  readonly #query: BoundQuery
  readonly #pager: Pager
  readonly #options: ExtractOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #captures: readonly Pointer[]
  readonly #lastRecord: ReturnType<typeof recordFinder> | undefined
  #lastValue: string | undefined
  #target: PageTarget | undefined
  #page: Page | undefined
  #number = 0
  /** The first record, until it is asked for. */
  #first: Uint8Array | undefined

  constructor(query: BoundQuery, pager: Pager, options: ExtractOptions) {
    this.#query = query
    this.#pager = pager
    this.#options = options
    this.#headers = {
      accept:
        query.records === undefined
          ? 'application/x-ndjson, application/jsonl, application/json'
          : 'application/json',
      'user-agent': 'bulkhead',
      ...options.settings.headers,
      ...query.headers,
      ...(query.method === 'POST' && { 'content-type': 'application/json' }),
    }
    // Those of the pager first: it knows them by their number.
    this.#captures = query.errorsAt === undefined ? pager.captures : [...pager.captures, query.errorsAt]
    this.#lastRecord = pager.lastRecord === undefined ? undefined : recordFinder([pager.lastRecord])
  }

  async begin(signal: AbortSignal): Promise<void> {
    this.#open(this.#pager.first())
    const record = await this.read(signal)
    this.#first = record === undefined ? undefined : Uint8Array.from(record)
  }

  /** The next record that is already here. Valid until the next call. */
  take(): Uint8Array | undefined {
    const record = this.#first ?? this.#page?.take()
    if (this.#first !== undefined) this.#first = undefined
    else if (record !== undefined) this.#note(record)
    return record
  }

  /** The next record, from the next page where the last one is over; undefined at the end of all pages. */
  async read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    while (this.#page !== undefined) {
      const record = await this.#page.read(signal)
      if (record !== undefined) {
        this.#note(record)
        return record
      }
      const next = this.#next(this.#page)
      this.#page = undefined
      if (next !== undefined) this.#open(next)
    }
    return undefined
  }

  close(): void {
    this.#page?.close()
    this.#page = undefined
  }

  #open(target: PageTarget): void {
    if (this.#number >= this.#pager.maxPages)
      throw httpFault('http-too-many-pages', `There are more than ${this.#pager.maxPages} pages`, {
        path: 'query.paging.maxPages',
      })
    this.#number++
    this.#target = target
    this.#lastValue = undefined
    const { method, records } = this.#query
    const body = method === 'POST' && target.body !== undefined ? jsonText(target.body) : undefined
    const request: HttpRequest = { method, url: target.url, headers: this.#headers, body }
    const { requester, settings, log } = this.#options
    const { maxRecordBytes, attempts } = settings
    const endStatus = this.#number > 1 ? this.#pager.endStatus : undefined
    this.#page = new Page(request, this.#number, {
      requester,
      records,
      captures: this.#captures,
      errorsCapture: this.#query.errorsAt === undefined ? undefined : this.#captures.length - 1,
      maxRecordBytes,
      attempts,
      log,
      endStatus,
    })
  }

  #note(record: Uint8Array): void {
    if (this.#lastRecord === undefined) return
    const json = compactJson(record)
    this.#lastRecord.find(json, undefined)
    const start = this.#lastRecord.starts[0]!
    this.#lastValue =
      start < 0 ? undefined : Buffer.from(json.subarray(start, this.#lastRecord.ends[0])).toString('utf8')
  }

  /** An answer of status 200 may say itself that it is not whole. */
  #checkErrors(page: Page): void {
    if (this.#query.errorsAt === undefined) return
    const said = page.captured(this.#captures.length - 1)
    if (said === undefined || /^(null|false|-?0|"\s*"|\[\s*\]|\{\s*\})$/.test(said)) return
    throw httpFault('http-errors-reported', `Page ${this.#number} says that it is not whole`, {
      path: 'query.errorsAt',
    })
  }

  #next(page: Page): PageTarget | undefined {
    const { answer } = page
    if (answer === undefined || this.#target === undefined) return undefined
    // Behind the last page: what it says is an error, and nothing about pages.
    if (page.isBehindLast) return undefined
    this.#checkErrors(page)
    return this.#pager.next({
      target: this.#target,
      url: answer.url,
      status: answer.status,
      headers: answer.headers,
      records: page.records,
      digest: page.digest(),
      captured: (index) => page.captured(index),
      lastValue: this.#lastValue,
    })
  }
}
