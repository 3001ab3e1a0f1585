/** One run of chaos: requests over topics, servers that die, and the verdict. */
import type { Scope } from '../support/cleanup.ts'
import { contentsOf } from '../support/s3.ts'
import { type Disturbances, disturb, killsOf, leastHits, noDisturbances } from './disturb.ts'
import { randomOf } from './random.ts'
import { processesNaming } from './left-processes.ts'
import { readReplies } from './replies.ts'
import { makeRequests, sendRequests } from './requests.ts'
import { finishedIn, settle, settled } from './settle.ts'
import { judge, type Tally } from './verdict.ts'
import { makeWorld, type WorldOptions } from './world.ts'

export interface ChaosOptions extends WorldOptions {
  /** At least; more are sent while it is not disturbed enough. */
  readonly requests: number
  readonly kills: number
  /** How often something must happen at each instant that the platform names. */
  readonly leastEach: number
  readonly perSecond: number
  /** Disturbances end after this in any case. */
  readonly disturbMs: number
  /** How long nothing may move when nothing disturbs any more. */
  readonly stillMs: number
}

export interface ChaosResult {
  readonly tally: Tally
  readonly disturbances: Disturbances
  readonly starts: number
  /** Runs that are not over, messages that were not sent, processes that outlived their servers. */
  readonly stuck: readonly string[]
}

/** Runners whose server is gone end by themselves; longer than they wait for a sign of it. */
const leftMs = 60_000

export async function runChaos(scope: Scope, options: ChaosOptions): Promise<ChaosResult> {
  const { kills, leastEach, stillMs, tell } = options
  const random = randomOf(options.seed)
  await using world = await makeWorld(scope, options)
  const { servers, kafka, repository } = world
  const disturbances = noDisturbances()
  const signal = AbortSignal.timeout(options.disturbMs)
  const isDisturbedEnough = (): boolean =>
    signal.aborted || (killsOf(disturbances) >= kills && leastHits(disturbances) >= leastEach)
  let finished = 0
  const watch = async (): Promise<void> => void (finished = await finishedIn(repository))
  const watching = setInterval(() => void watch().catch(() => undefined), 1_000)
  // of the same chance the requests are another's business than the disturbances
  const requests = makeRequests(world.applications, randomOf(options.seed + 1))
  const disturbing = disturb(
    { ...options, ...world, random, signal, workDone: () => Math.min(1, finished / options.requests) },
    disturbances,
  )
  const [sent] = await Promise.all([
    sendRequests(kafka, requests, {
      least: options.requests,
      twice: ({ seed }) => seed % 20 === 0,
      perSecond: options.perSecond,
      finished: () => finished,
      isDisturbedEnough,
    }),
    disturbing,
  ]).finally(() => clearInterval(watching))
  const starts = servers.reduce((sum, server) => sum + server.starts(), 0)
  tell(`sent ${sent.length} requests; disturbed: ${JSON.stringify(disturbances)}; ${starts} starts`)
  const stuck = await settle({ repository, requests: sent.length, stillMs, tell })
  const topics = world.applications.map(({ replies }) => replies)
  // with the servers as they are, and not when they end: they clean up by themselves
  const tally = await settled(
    async () => judge(sent, await readReplies(kafka, topics), await contentsOf(world.bucket)),
    stuck.length === 0 ? stillMs / 4 : 0,
  )
  await world.stopServers()
  const { faults: left } = await settled(
    () => Promise.resolve({ faults: processesNaming(world.orders).map((pid) => `process ${pid} is left`) }),
    leftMs,
  )
  return { tally, disturbances, starts, stuck: [...stuck, ...left] }
}
