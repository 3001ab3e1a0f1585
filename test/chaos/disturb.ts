/** Kills, freezes and cuts, at instants that the platform names and at any other, by chances that a seed fixes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Moment, moments } from '@bulkhead/engine/observe/moments'
import { ordersIn } from './orders.ts'
import { type Random, randomOf } from './random.ts'
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
  /** From 0 to 1, how much of the work is done: kills keep pace with it, so that what they hit is under way and gets somewhere. */
  readonly workDone: () => number
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

/** Orders that may wait at once for somebody to come by: what is rare is waited for while the rest goes on. */
const hands = 3

/** Disturbs until it has done enough, or the signal aborts, and counts in `done`. Nobody is frozen then. */
export async function disturb(options: DisturbOptions, done: Disturbances): Promise<void> {
  const { servers, kills, leastEach, random, workDone, tell } = options
  const enough = new AbortController()
  const signal = AbortSignal.any([options.signal, enough.signal])
  const orders = ordersIn(options.orders, signal)
  const armed = new Set<Moment>()
  const cut = (line: Line): void => {
    options.cut(line)
    done.cuts[line] += 1
  }
  let told = 0

  async function order(moment: Moment, own: Random): Promise<void> {
    const line = own.pick(lines)
    const act = (['SIGSTOP', 'hold'] as const)[own.below(8)] ?? 'SIGKILL'
    const obeyed = await orders.give(moment, act, act === 'hold' ? () => cut(line) : undefined)
    const counted = { SIGKILL: 'killed', SIGSTOP: 'frozen', hold: 'cut' } as const
    if (obeyed !== undefined) done.byMoment[moment][counted[act]] += 1
  }

  async function hand(own: Random): Promise<void> {
    while (!signal.aborted) {
      await sleep(50 + own.below(400))
      const moment = rarest(done.byMoment, armed, own)
      const isAhead = workDone() < 1 && killsOf(done) > kills * workDone() + hands
      if (moment === undefined || isAhead) continue
      const kind = own.below(12)
      const server = own.pick(servers)
      if (kind === 0) cut(own.pick(lines))
      else if (kind === 1) done.anyInstant.servers += server.kill() ? 1 : 0
      // they have code of others in them, and die more often
      else if (kind < 5) done.anyInstant.runners += server.killRunner(own) ? 1 : 0
      else {
        armed.add(moment)
        await order(moment, own)
        armed.delete(moment)
      }
      if (killsOf(done) >= told + 10) {
        told = killsOf(done)
        tell(`${told} of ${kills} kills, ${Math.round(workDone() * 100)} % of the requests`)
      }
      if (killsOf(done) >= kills && leastHits(done) >= leastEach) enough.abort()
    }
  }

  if (kills > 0 || leastEach > 0)
    await Promise.all(Array.from({ length: hands }, () => hand(randomOf(random.below(2 ** 31)))))
  await orders.thawAll()
}

/** One of the instants that were hit least; undefined while orders wait at all of these: nothing else shall be in their way. */
function rarest(
  byMoment: Disturbances['byMoment'],
  armed: ReadonlySet<Moment>,
  random: Random,
): Moment | undefined {
  const least = Math.min(...Object.values(byMoment).map(hits))
  const free = moments.filter((moment) => hits(byMoment[moment]) === least && !armed.has(moment))
  return free.length === 0 ? undefined : random.pick(free)
}
