import { opensearchError } from '../errors.ts'
import { placeAt } from './last-sort.ts'
import type { Hits } from './scan-page.ts'

/** The place in the index of a hit, where the order begins by it. */
export function placeOf(hits: Hits, hit: number): number {
  const start = hits.sortStart(hit)
  const place = start === -1 ? undefined : placeAt(hits.bytes, start)
  if (place === undefined)
    throw opensearchError('opensearch-unexpected-answer', 'A document comes without its place in the index')
  return place
}

/** How many of the hits, which come in the order of their places, lie before one. */
export function countBefore(place: number, hits: Hits): number {
  let [low, high] = [0, hits.count]
  while (low < high) {
    const middle = (low + high) >> 1
    if (placeOf(hits, middle) < place) low = middle + 1
    else high = middle
  }
  return low
}
