/** Kills, freezes and cuts, at instants that the platform names and at any other, in an order that a seed fixes. */
import { existsSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Moment, moments } from '@bulkhead/engine/observe/moments'
import type { Random } from './random.ts'
import type { ServerUnderTest } from './server-under-test.ts'

export interface Disturbances {
  /** How often a process died or froze at each instant. */
  readonly byMoment: Record<Moment, number>
  /** Servers that were killed at any instant. */
  servers: number
  /** Connections that were cut. */
  cuts: number
}

export interface DisturbOptions {
  readonly servers: readonly ServerUnderTest[]
  readonly orders: string
  readonly kills: number
  readonly random: Random
  /** Cuts every connection to the repository's database. */
  readonly cut: () => void
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
}

/** An order that nobody came by to take is withdrawn after this. */
const orderMs = 8_000
/** Longer than a lease. */
const frozenMs = 5_000

export function noDisturbances(): Disturbances {
  return {
    byMoment: Object.fromEntries(moments.map((moment) => [moment, 0])) as Record<Moment, number>,
    servers: 0,
    cuts: 0,
  }
}

export function killsOf({ byMoment, servers }: Disturbances): number {
  return Object.values(byMoment).reduce((sum, count) => sum + count, servers)
}

/** Disturbs until so many processes were killed, or the signal aborts, and counts in `done`. */
export async function disturb(options: DisturbOptions, done: Disturbances): Promise<void> {
  const { servers, orders, kills, random, signal, cut, tell } = options
  const total = (): number => killsOf(done)
  let told = 0
  while (total() < kills && !signal.aborted) {
    await sleep(50 + random.below(400))
    const kind = random.below(10)
    if (kind === 0) {
      cut()
      done.cuts += 1
    } else if (kind === 1) {
      random.pick(servers).signal('SIGKILL')
      done.servers += 1
    } else {
      const moment = rarest(done.byMoment, random)
      const freeze = random.below(6) === 0
      if (await order(orders, moment, freeze ? 'SIGSTOP' : 'SIGKILL', signal)) done.byMoment[moment] += 1
    }
    if (total() >= told + 10) tell(`${(told = total())} of ${kills} kills`)
  }
}

/** One of the instants that were hit least. */
function rarest(byMoment: Readonly<Record<Moment, number>>, random: Random): Moment {
  const least = Math.min(...Object.values(byMoment))
  return random.pick(moments.filter((moment) => byMoment[moment] === least))
}

async function order(
  folder: string,
  moment: Moment,
  sign: NodeJS.Signals,
  signal: AbortSignal,
): Promise<boolean> {
  const file = join(folder, `${moment}.order`)
  await rm(join(folder, `${moment}.taken`), { force: true })
  const before = obeyed(folder).length
  // Under its name only when it is whole: who takes it reads it at once.
  await writeFile(`${file}.new`, sign)
  await rename(`${file}.new`, file)
  const deadline = performance.now() + orderMs
  // Between its taking and its line there is an instant; the line says that it was obeyed, and by whom.
  while (obeyed(folder).length === before) {
    if (performance.now() > deadline || signal.aborted) {
      await rm(file, { force: true })
      return false
    }
    await sleep(20)
  }
  if (sign === 'SIGSTOP') {
    const { pid } = JSON.parse(obeyed(folder)[before] ?? '') as { readonly pid: number }
    await sleep(frozenMs)
    continueProcess(pid)
  }
  return true
}

/** The whole lines of those who obeyed, oldest first. */
function obeyed(folder: string): readonly string[] {
  const file = join(folder, 'obeyed')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

function continueProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // its server ended it meanwhile
  }
}
