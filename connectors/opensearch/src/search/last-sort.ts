import { endOfValue } from './json-bytes.ts'

const KEY = Buffer.from('"sort":[')
/** Sort values are short; a page whose last ones are longer than this is walked first. */
const MOST_BYTES = 64 * 1024
const ZERO = 0x30

/** Sort values of the last hit: where the next page begins. */
export interface LastSort {
  readonly start: number
  /** As the server wrote them, brackets included: numbers beyond what JavaScript counts stay exact. */
  readonly text: Buffer
}

/**
 * Looks for the last sort values from the end, before the page is walked, so that the next page can be
 * asked for meanwhile. It is a guess: `Hits.sortStart` of the last hit says whether it was right.
 */
export function guessLastSort(page: Buffer): LastSort | undefined {
  const key = page.lastIndexOf(KEY)
  if (key === -1 || page.length - key > MOST_BYTES) return undefined
  return lastSortAt(page, key + KEY.length - 1)
}

/** A copy: the page's memory is used again. */
export function lastSortAt(page: Buffer, start: number): LastSort {
  return { start, text: Buffer.from(page.subarray(start, endOfValue(page, start, page.length))) }
}

/**
 * The first of the sort values that begin at `start` with their bracket: the place in the index, where the
 * order begins by it. Undefined when it is no whole number.
 */
export function placeAt(page: Buffer, start: number): number | undefined {
  let place = 0
  let at = start + 1
  for (let digit = page[at]! - ZERO; digit >= 0 && digit <= 9; digit = page[++at]! - ZERO)
    place = 10 * place + digit
  return at === start + 1 ? undefined : place
}
