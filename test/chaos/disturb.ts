/** Kills, freezes and cuts, at instants that the platform names and at any other, in an order that a seed fixes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Moment, moments } from '@bulkhead/engine/observe/moments'
import { ordersIn } from './orders.ts'
import type { Random } from './random.ts'
import type { ServerUnderTest } from './server-under-test.ts'

/** What goes through a proxy. */
export const lines = ['repository', 'broker', 'store', 'source'] as const
export type Line = (typeof lines)[number]

export interface Disturbances {
  /** What happened to processes at each instant. */
  readonly byMoment: Record<Moment, { killed: number; frozen: number; cut: number }>
  /** Processes that were killed at any instant. */
  readonly anyInstant: { servers: number; runners: number }
  /** How often all connections of a line were cut, at whatever instant. */
  readonly cuts: Record<Line, number>
}

export interface DisturbOptions {
  readonly servers: readonly ServerUnderTest[]
  readonly orders: string
  readonly kills: number
  /** At each instant that the platform names. */
  readonly leastEach: number
  readonly random: Random
  /** Cuts every connection of a line. */
  readonly cut: (line: Line) => void
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

export function noDisturbances(): Disturbances {
  const none = moments.map((moment) => [moment, { killed: 0, frozen: 0, cut: 0 }])
  return {
    byMoment: Object.fromEntries(none) as Disturbances['byMoment'],
    anyInstant: { servers: 0, runners: 0 },
    cuts: { repository: 0, broker: 0, store: 0, source: 0 },
  }
}

/** Processes that died of `SIGKILL`. */
export function killsOf({ byMoment, anyInstant }: Disturbances): number {
  const named = Object.values(byMoment).reduce((sum, { killed }) => sum + killed, 0)
  return named + anyInstant.servers + anyInstant.runners
}

/** How often the instant that was hit least was hit. */
export function leastHits({ byMoment }: Disturbances): number {
  return Math.min(...Object.values(byMoment).map(hits))
}

function hits({ killed, frozen, cut }: Disturbances['byMoment'][Moment]): number {
  return killed + frozen + cut
}

/** Disturbs until it has done enough, or the signal aborts, and counts in `done`. Nobody is frozen then. */
export async function disturb(options: DisturbOptions, done: Disturbances): Promise<void> {
  const { servers, kills, leastEach, random, signal, tell } = options
  const orders = ordersIn(options.orders, signal)
  const cut = (line: Line): void => {
    options.cut(line)
    done.cuts[line] += 1
  }
  let told = 0
  while ((killsOf(done) < kills || leastHits(done) < leastEach) && !signal.aborted) {
    await sleep(50 + random.below(400))
    const kind = random.below(12)
    const line = random.pick(lines)
    const server = random.pick(servers)
    if (kind === 0) cut(line)
    else if (kind === 1) done.anyInstant.servers += server.kill() ? 1 : 0
    else if (kind === 2) done.anyInstant.runners += server.killRunner(random) ? 1 : 0
    else {
      const moment = rarest(done.byMoment, random)
      const act = (['SIGSTOP', 'hold'] as const)[random.below(8)] ?? 'SIGKILL'
      const obeyed = await orders.give(moment, act, act === 'hold' ? () => cut(line) : undefined)
      const counted = { SIGKILL: 'killed', SIGSTOP: 'frozen', hold: 'cut' } as const
      if (obeyed !== undefined) done.byMoment[moment][counted[act]] += 1
    }
    if (killsOf(done) >= told + 10) tell(`${(told = killsOf(done))} of ${kills} kills`)
  }
  await orders.thawAll()
}

/** One of the instants that were hit least. */
function rarest(byMoment: Disturbances['byMoment'], random: Random): Moment {
  const least = Math.min(...Object.values(byMoment).map(hits))
  return random.pick(moments.filter((moment) => hits(byMoment[moment]) === least))
}
