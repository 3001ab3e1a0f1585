import { mkdir, rm, stat } from 'node:fs/promises'
import { type ExportRun, exportOnce } from './export-once.ts'
import { type Lane, peerFile, type Psql } from './lanes.ts'
import { type Cost, measureCommand } from './measure/measure-command.ts'
import { type Spread, spreadOf } from './measure/statistics.ts'

/** One run of each, one after the other. */
export interface Pair {
  readonly bulkhead: Cost
  readonly peer: Cost
}

export interface LaneFigures {
  readonly lane: string
  readonly peerName: string
  readonly pairs: readonly Pair[]
  readonly wallSeconds: { readonly bulkhead: Spread; readonly peer: Spread }
  readonly cpuSeconds: { readonly bulkhead: Spread; readonly peer: Spread }
  readonly peakBytes: { readonly bulkhead: Spread; readonly peer: Spread }
  /** Wall time as a multiple of the peer's, pair by pair. */
  readonly ratio: Spread
  /** Of the file of each. */
  readonly bytes: { readonly bulkhead: number; readonly peer: number }
}

export interface Measuring {
  /** Of `installCommand`. */
  readonly command: string
  /** A database, a query, and a folder for both files. */
  readonly psql: Psql
  /** Rows that the query gives. */
  readonly rows: number
}

/** One run of both, in an order that changes with `turn`, so that neither always comes second. */
export async function runPair(lane: Lane, measuring: Measuring, turn: number): Promise<PairResult> {
  const { command, psql, rows } = measuring
  const { database, query, folder } = psql
  const bulkhead = (): Promise<ExportRun> =>
    exportOnce({ command, database, query, folder, output: lane.output, rows })
  const peer = (): Promise<ExportRun> => runPeer(lane, measuring)
  const result = await inTurn(turn, bulkhead, peer)
  if (lane.sameBytes && result.bulkhead.bytes !== result.peer.bytes) {
    throw new Error(
      `${lane.name}: Bulkhead wrote ${result.bulkhead.bytes} bytes and psql ${result.peer.bytes}`,
    )
  }
  return result
}

/** One after the other: the peer first in even turns. */
export async function inTurn(
  turn: number,
  bulkhead: () => Promise<ExportRun>,
  peer: () => Promise<ExportRun>,
): Promise<PairResult> {
  const [first, second] = turn % 2 === 0 ? [peer, bulkhead] : [bulkhead, peer]
  const [one, other] = [await first(), await second()]
  return turn % 2 === 0 ? { peer: one, bulkhead: other } : { bulkhead: one, peer: other }
}

/** What is measured in turns, whatever it is made of. */
export interface RunnableLane {
  readonly name: string
  readonly peerName: string
  readonly run: (turn: number) => Promise<PairResult>
  /**
   * Pairs that are run first and not counted: a server that compiles its code while it answers costs seconds more at
   * first, which says nothing about who asks. Default: none but for the first lane, which has one.
   */
  readonly warmUps?: number
}

export interface PairResult {
  readonly bulkhead: ExportRun
  readonly peer: ExportRun
}

async function runPeer(lane: Lane, { psql }: Measuring): Promise<ExportRun> {
  await mkdir(psql.folder, { recursive: true })
  const file = peerFile(psql)
  try {
    const { stdout: _stdout, ...cost } = await measureCommand(lane.peer(psql))
    return { cost, bytes: (await stat(file)).size }
  } finally {
    await rm(file, { force: true })
  }
}

/** @param results  at least one */
export function figuresOf(
  lane: Pick<Lane, 'name' | 'peerName'>,
  results: readonly PairResult[],
): LaneFigures {
  const pairs = results.map(({ bulkhead, peer }): Pair => ({ bulkhead: bulkhead.cost, peer: peer.cost }))
  const spread = (value: keyof Cost): LaneFigures['wallSeconds'] => ({
    bulkhead: spreadOf(pairs.map((pair) => pair.bulkhead[value])),
    peer: spreadOf(pairs.map((pair) => pair.peer[value])),
  })
  const last = results.at(-1)
  return {
    lane: lane.name,
    peerName: lane.peerName,
    pairs,
    wallSeconds: spread('wallSeconds'),
    cpuSeconds: spread('cpuSeconds'),
    peakBytes: spread('peakBytes'),
    ratio: spreadOf(pairs.map(({ bulkhead, peer }) => bulkhead.wallSeconds / peer.wallSeconds)),
    bytes: { bulkhead: last?.bulkhead.bytes ?? 0, peer: last?.peer.bytes ?? 0 },
  }
}
