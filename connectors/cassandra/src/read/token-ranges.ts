import { cassandraError } from '../errors.ts'

/** Tokens above `after`, up to and with `to`. */
export interface TokenRange {
  readonly after: bigint
  readonly to: bigint
}

/** The tokens of a partitioner: all are above `least`, and not above `most`. */
interface Ring {
  readonly least: bigint
  readonly most: bigint
}

const rings: Readonly<Record<string, Ring>> = {
  // No key has the smallest token: Cassandra keeps it for "before all".
  Murmur3Partitioner: { least: -(2n ** 63n), most: 2n ** 63n - 1n },
  RandomPartitioner: { least: -1n, most: 2n ** 127n },
}

/**
 * The whole ring as ranges in the order of their tokens, without gap or overlap: between the tokens of
 * the nodes, so that a range has one set of replicas, and those split evenly.
 *
 * @param nodeTokens  of all nodes, in any order
 * @param parts       how many ranges there should be; at least as many as the nodes have tokens come out
 * @throws BulkheadError `cassandra-partitioner-unsupported`
 */
export function tokenRanges(
  partitioner: string,
  nodeTokens: Iterable<string>,
  parts: number,
): readonly TokenRange[] {
  const ring = rings[partitioner.slice(partitioner.lastIndexOf('.') + 1)]
  if (ring === undefined) {
    throw cassandraError(
      'cassandra-partitioner-unsupported',
      `The tokens of ${partitioner.slice(0, 200)} cannot be split`,
      {
        path: 'query',
      },
    )
  }
  const { least, most } = ring
  const cuts = new Set<bigint>([most])
  for (const token of nodeTokens) {
    const cut = BigInt(token)
    if (cut > least && cut < most) cuts.add(cut)
  }
  const bounds = [...cuts].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const widest = (most - least) / BigInt(Math.max(1, Math.floor(parts))) + 1n
  const ranges: TokenRange[] = []
  let after = least
  for (const to of bounds) {
    const width = to - after
    const pieces = (width + widest - 1n) / widest
    for (let piece = 1n; piece <= pieces; piece++) {
      const end = piece === pieces ? to : after + (width * piece) / pieces
      const begin = after + (width * (piece - 1n)) / pieces
      if (end > begin) ranges.push({ after: begin, to: end })
    }
    after = to
  }
  return ranges
}
