import { documentTooLarge, opensearchError } from '../errors.ts'
import { AnswerTooLarge } from '../http/failures.ts'
import { ByteBuffer } from '../byte-buffer.ts'
import { checkFrame } from './frame.ts'
import { NotJson } from './json-bytes.ts'
import { guessLastSort, lastSortAt, type LastSort } from './last-sort.ts'
import type { Order } from './order.ts'
import { PageSize } from './page-size.ts'
import { Hits } from './scan-page.ts'
import type { Search, Slice } from './search.ts'

export interface PageBounds {
  /** Documents of a page at most. */
  readonly documents: number
  /** Bytes that a page should have. */
  readonly targetBytes: number
  /** Bytes that one document may have. */
  readonly documentBytes: number
  /** Documents that are wanted of all; undefined: all of them. */
  readonly maxRows: number | undefined
}

/** A page of several documents may have so many times the bytes that it should have. */
const TOLERANCE = 4
/** What surrounds a document in an answer. */
const ENVELOPE_BYTES = 64 * 1024

/**
 * Reads all parts, some at once, page by page. While one page is worked on, the next of its part is on its
 * way: memory holds one page a part that is read at once, and one more (I8).
 *
 * What it yields is valid until the next page is asked for. Leaving it ends the requests under way.
 *
 * @throws BulkheadError `opensearch-incomplete` when the pages hold more or less than the count said
 */
export async function* readPages(
  search: Search,
  order: Order,
  bounds: PageBounds,
  signal: AbortSignal,
): AsyncGenerator<Hits> {
  if (bounds.maxRows === 0) return
  const left = new AbortController()
  const parts = new Parts(search, order, bounds, AbortSignal.any([signal, left.signal]))
  const hits = new Hits()
  let seen = 0
  try {
    for (;;) {
      const page = await parts.next()
      if (page === undefined) break
      const guess = guessLastSort(page.bytes)
      const ahead = guess !== undefined && parts.mayHaveMore(page, seen)
      if (ahead) page.part.ask(guess)
      scan(hits, page.bytes)
      checkFrame(hits.frame)
      seen += hits.count
      goOn(page, hits, ahead ? guess : undefined, parts)
      if (hits.count > 0) yield hits
      if (bounds.maxRows !== undefined && seen >= bounds.maxRows) return
      parts.release(page)
    }
  } finally {
    left.abort()
  }
  if (seen !== order.total) {
    throw opensearchError(
      'opensearch-incomplete',
      `The pages held ${seen} documents, and the query has ${order.total}`,
    )
  }
}

function scan(hits: Hits, bytes: Buffer): void {
  try {
    hits.scan(bytes)
  } catch (error) {
    if (!(error instanceof NotJson) && !(error instanceof SyntaxError)) throw error
    throw opensearchError('opensearch-unexpected-answer', 'The answer to a search cannot be read')
  }
}

/** Asks for the next page of the part, or ends it, unless the guess did so already. */
function goOn(page: Page, hits: Hits, guess: LastSort | undefined, parts: Parts): void {
  const { part, asked } = page
  const start = hits.count === 0 ? -1 : hits.sortStart(hits.count - 1)
  const isLast = hits.count < asked
  if (!isLast && start === -1)
    throw opensearchError('opensearch-unexpected-answer', 'A document comes without its sort values')
  if (isLast) part.end()
  else if (guess === undefined) part.ask(lastSortAt(page.bytes, start))
  else if (guess.start !== start) part.askAgain(lastSortAt(page.bytes, start))
  parts.settle(part)
}

interface Page {
  readonly part: Part
  readonly asked: number
  readonly bytes: Buffer
  readonly buffer: ByteBuffer
}

/** The parts that are read at once, and those that wait. */
class Parts {
  readonly #search: Search
  readonly #order: Order
  readonly #bounds: PageBounds
  readonly #signal: AbortSignal
  readonly #waiting: (Slice | undefined)[]
  readonly #active: Part[] = []
  readonly #free: ByteBuffer[] = []
  readonly #sizes: PageSize

  constructor(search: Search, order: Order, bounds: PageBounds, signal: AbortSignal) {
    this.#search = search
    this.#order = order
    this.#bounds = bounds
    this.#signal = signal
    this.#waiting = [...order.slices]
    this.#sizes = new PageSize(Math.min(bounds.documents, bounds.maxRows ?? Infinity), bounds.targetBytes)
    while (this.#active.length < order.atOnce && this.#waiting.length > 0) this.#begin()
  }

  /** The first page that is there, of any part; undefined when all parts are at their end. */
  async next(): Promise<Page | undefined> {
    if (this.#active.length === 0) return undefined
    return Promise.race(this.#active.map((part) => part.page()))
  }

  /** Whether it is worth to ask before the page was looked at. */
  mayHaveMore({ asked }: Page, seen: number): boolean {
    const { maxRows } = this.#bounds
    if (maxRows !== undefined && seen + asked >= maxRows) return false
    return this.#order.slices.length > 1 || seen + asked < this.#order.total
  }

  release({ buffer }: Page): void {
    this.#free.push(buffer)
  }

  /** Lets the next part begin when this one has ended. */
  settle(part: Part): void {
    if (!part.hasEnded) return
    this.#active.splice(this.#active.indexOf(part), 1)
    if (this.#waiting.length > 0) this.#begin()
  }

  #begin(): void {
    const slice = this.#waiting.shift()
    const part: Part = new Part((after, stop) => this.#fetch(part, slice, after, stop))
    this.#active.push(part)
    part.ask(undefined)
  }

  async #fetch(
    part: Part,
    slice: Slice | undefined,
    after: LastSort | undefined,
    stop: AbortSignal,
  ): Promise<Page> {
    const { targetBytes, documentBytes } = this.#bounds
    const buffer = this.#free.pop() ?? new ByteBuffer(targetBytes + targetBytes / 4)
    const signal = AbortSignal.any([this.#signal, stop])
    for (;;) {
      const asked = this.#sizes.size
      const mostBytes =
        asked === 1 ? documentBytes + ENVELOPE_BYTES : Math.max(TOLERANCE * targetBytes, ENVELOPE_BYTES)
      const page = { size: asked, sort: this.#order.sort, slice, after: after?.text, countAll: false }
      try {
        const bytes = await this.#search.send({ ...page, into: buffer, mostBytes }, signal)
        this.#sizes.learn(asked, bytes.length)
        return { part, asked, bytes, buffer }
      } catch (error) {
        if (!(error instanceof AnswerTooLarge)) throw error
        if (this.#sizes.shrink(asked, error.bytes)) continue
        throw documentTooLarge(documentBytes)
      }
    }
  }
}

type Fetch = (after: LastSort | undefined, stop: AbortSignal) => Promise<Page>

/** One part, with the page of it that is on its way. */
class Part {
  readonly #fetch: Fetch
  #page: Promise<Page> | undefined
  #stop = new AbortController()

  constructor(fetch: Fetch) {
    this.#fetch = fetch
  }

  get hasEnded(): boolean {
    return this.#page === undefined
  }

  async page(): Promise<Page> {
    return this.#page!
  }

  ask(after: LastSort | undefined): void {
    this.#page = this.#fetch(after, this.#stop.signal)
    // whoever waits for it hears of a failure; when nobody does any more, it is of no interest
    this.#page.catch(() => undefined)
  }

  /** Drops what was asked for, and asks for something else. */
  askAgain(after: LastSort): void {
    this.#stop.abort()
    this.#stop = new AbortController()
    this.ask(after)
  }

  end(): void {
    this.#stop.abort()
    this.#page = undefined
  }
}
