import { opensearchError } from '../errors.ts'
import { checkFrame } from './frame.ts'
import { NotJson } from './json-bytes.ts'
import { guessLastSort, lastSortAt, type LastSort } from './last-sort.ts'
import type { Order } from './order.ts'
import { type Page, type PageBounds, Parts } from './parts.ts'
import { countBefore, placeOf } from './place-of.ts'
import { Hits } from './scan-page.ts'
import type { Search } from './search.ts'

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
      const ahead = guess !== undefined && parts.mayHaveMore(page, seen, guess.text)
      if (ahead) page.part.askBehind(guess)
      scan(hits, page.bytes)
      checkFrame(hits.frame)
      const next = goOn(page, hits, order, ahead ? guess : undefined)
      seen += hits.count
      if (next === 'end') parts.end(page.part, seen)
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

/**
 * Asks for the next page of the part, unless the guess did so already, and leaves out of this one what
 * belongs to another part.
 */
function goOn(
  { part, asked, bytes }: Page,
  hits: Hits,
  { places }: Order,
  guess: LastSort | undefined,
): 'page' | 'end' {
  const { count } = hits
  if (places !== undefined && count > 0) {
    const place = placeOf(hits, count - 1)
    if (place >= part.end) hits.count = countBefore(part.end, hits)
    // at the last place, another shard may have a document too
    const isShared = places.documentsEach > 1
    if (place + (isShared ? 0 : 1) >= part.end) return 'end'
  }
  if (count < asked) return 'end'
  const start = hits.sortStart(count - 1)
  if (start === -1)
    throw opensearchError('opensearch-unexpected-answer', 'A document comes without its sort values')
  if (guess === undefined) part.askBehind(lastSortAt(bytes, start))
  else if (guess.start !== start) part.askAgain(lastSortAt(bytes, start))
  return 'page'
}
