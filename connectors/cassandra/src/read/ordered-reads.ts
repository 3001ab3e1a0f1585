import type { types } from 'cassandra-driver'
import type { PagedRead } from './paged-read.ts'

/**
 * Several reads whose pages come in the order of the reads. So many are under way at once; those that are not
 * yet first hold one page each (I8).
 *
 * @param begin  begins read number `index`; called in order
 */
export async function* orderedReads(
  count: number,
  atOnce: number,
  begin: (index: number) => PagedRead,
): AsyncGenerator<readonly types.Row[]> {
  const underWay: PagedRead[] = []
  let begun = 0
  for (let index = 0; index < count; index++) {
    // The first page of all is read alone: it tells how large rows are, and so how large pages may be.
    const window = index === 0 ? 1 : atOnce
    while (begun < count && underWay.length < window) underWay.push(begin(begun++))
    const read = underWay.shift()
    if (read === undefined) return
    for (;;) {
      const rows = await read.take()
      if (rows === undefined) break
      if (rows.length > 0) yield rows
      while (begun < count && underWay.length < atOnce - 1) underWay.push(begin(begun++))
    }
  }
}
