import { ByteBuffer } from '../byte-buffer.ts'
import { documentTooLarge } from '../errors.ts'
import { AnswerTooLarge } from '../http/failures.ts'
import { type LastSort, placeAt } from './last-sort.ts'
import type { Order } from './order.ts'
import { PageSize } from './page-size.ts'
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

export interface Page {
  readonly part: Part
  readonly asked: number
  readonly bytes: Buffer
  readonly buffer: ByteBuffer
}

/** A page of several documents may have so many times the bytes that it should have. */
const TOLERANCE = 4
/** What surrounds a document in an answer. */
const ENVELOPE_BYTES = 64 * 1024
/** A part is cut in two when so many pages are to come: the cut may cost one. */
const WORTH_A_CUT = 4

/** The parts that are read at once, and those that wait. */
export class Parts {
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
    this.#fill(0)
  }

  /** The first page that is there, of any part; undefined when all parts are at their end. */
  async next(): Promise<Page | undefined> {
    if (this.#active.length === 0) return undefined
    return Promise.race(this.#active.map((part) => part.page()))
  }

  /** Whether it is worth to ask before the page was looked at. */
  mayHaveMore({ asked, part }: Page, seen: number, guess: Buffer): boolean {
    const { total, places } = this.#order
    if (seen + asked >= (this.#bounds.maxRows ?? Infinity)) return false
    if (places === undefined) return seen + asked < total
    const place = placeAt(guess, 0)
    return place !== undefined && place + 1 < part.end
  }

  release({ buffer }: Page): void {
    this.#free.push(buffer)
  }

  /** Ends a part, and lets another one begin. */
  end(part: Part, seen: number): void {
    part.stop()
    this.#active.splice(this.#active.indexOf(part), 1)
    this.#fill(seen)
  }

  #fill(seen: number): void {
    while (this.#active.length < this.#order.atOnce && this.#waiting.length > 0)
      this.#begin(new Part(this.#fetch, this.#waiting.shift(), 0, this.#order.places?.end ?? Infinity))
    while (this.#active.length < this.#order.atOnce && this.#cut(seen));
  }

  #begin(part: Part, after?: Buffer): void {
    this.#active.push(part)
    part.ask(after)
  }

  /**
   * Gives the second half of the widest part to another reader. What is under way for the first may
   * reach into it, and is left out then.
   */
  #cut(seen: number): boolean {
    const { places, total } = this.#order
    const left = Math.min(total, this.#bounds.maxRows ?? Infinity) - seen
    if (places === undefined || left < WORTH_A_CUT * this.#sizes.size) return false
    const [widest] = this.#active.toSorted((a, b) => b.end - b.position - (a.end - a.position))
    if (widest === undefined || widest.end - widest.position < 2) return false
    const middle = Math.floor((widest.position + widest.end) / 2)
    const second = new Part(this.#fetch, widest.slice, middle, widest.end)
    widest.end = middle
    this.#begin(second, places.before(middle))
    return true
  }

  readonly #fetch = async (part: Part, after: Buffer | undefined, stop: AbortSignal): Promise<Page> => {
    const { targetBytes, documentBytes } = this.#bounds
    const { sort, places } = this.#order
    const buffer = this.#free.pop() ?? new ByteBuffer(targetBytes + targetBytes / 4)
    const signal = AbortSignal.any([this.#signal, stop])
    // what lies behind the end is another part's
    const most = places === undefined ? Infinity : (part.end - part.position) * places.documentsEach
    for (;;) {
      const asked = Math.max(1, Math.min(this.#sizes.size, most))
      const mostBytes =
        asked === 1 ? documentBytes + ENVELOPE_BYTES : Math.max(TOLERANCE * targetBytes, ENVELOPE_BYTES)
      const page = { size: asked, sort, slice: part.slice, after, countAll: false, documents: true }
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

type Fetch = (part: Part, after: Buffer | undefined, stop: AbortSignal) => Promise<Page>

/** One part, with the page of it that is on its way. */
export class Part {
  readonly slice: Slice | undefined
  /** Place of the last document before the page that is on its way. */
  position: number
  /** Behind the last place that belongs to it. */
  end: number
  readonly #fetch: Fetch
  #page: Promise<Page> | undefined
  #stop = new AbortController()

  constructor(fetch: Fetch, slice: Slice | undefined, position: number, end: number) {
    this.#fetch = fetch
    this.slice = slice
    this.position = position
    this.end = end
  }

  async page(): Promise<Page> {
    return this.#page!
  }

  /** @param after  sort values of the last document before the page */
  ask(after: Buffer | undefined): void {
    this.#page = this.#fetch(this, after, this.#stop.signal)
    // whoever waits for it hears of a failure; when nobody does any more, it is of no interest
    this.#page.catch(() => undefined)
  }

  /** Asks for the page behind a document. */
  askBehind({ text }: LastSort): void {
    this.position = placeAt(text, 0) ?? 0
    this.ask(text)
  }

  /** Drops what was asked for, and asks for something else. */
  askAgain(after: LastSort): void {
    this.stop()
    this.#stop = new AbortController()
    this.askBehind(after)
  }

  stop(): void {
    this.#stop.abort()
  }
}
