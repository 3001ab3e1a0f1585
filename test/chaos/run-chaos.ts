/** One run of chaos: requests over topics, servers that die, and the verdict. */
import type { Scope } from '../support/cleanup.ts'
import { contentsOf } from '../support/s3.ts'
import { type Disturbances, disturb, killsOf, leastHits, noDisturbances } from './disturb.ts'
import { randomOf } from './random.ts'
import { readReplies } from './replies.ts'
import { makeRequests, sendRequests } from './requests.ts'
import { settle, settled } from './settle.ts'
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
  /** Runs that are not over, messages that were not sent. */
  readonly stuck: readonly string[]
}

export async function runChaos(scope: Scope, options: ChaosOptions): Promise<ChaosResult> {
  const { kills, leastEach, stillMs, tell } = options
  const random = randomOf(options.seed)
  await using world = await makeWorld(scope, options)
  const { servers, kafka, repository } = world
  const disturbances = noDisturbances()
  const signal = AbortSignal.timeout(options.disturbMs)
  const disturbed = (): number => {
    if (signal.aborted) return 1
    const share = (done: number, wanted: number): number => (wanted === 0 ? 1 : done / wanted)
    return Math.min(share(killsOf(disturbances), kills), share(leastHits(disturbances), leastEach))
  }
  // of the same chance the requests are another's business than the disturbances
  const requests = makeRequests(world.applications, randomOf(options.seed + 1))
  const disturbing = disturb({ ...options, ...world, random, signal }, disturbances)
  const [sent] = await Promise.all([
    sendRequests(kafka, requests, {
      least: options.requests,
      twice: ({ seed }) => seed % 20 === 0,
      perSecond: options.perSecond,
      disturbed,
    }),
    disturbing,
  ])
  const starts = servers.reduce((sum, server) => sum + server.starts(), 0)
  tell(`sent ${sent.length} requests; disturbed: ${JSON.stringify(disturbances)}; ${starts} starts`)
  const stuck = await settle({ repository, requests: sent.length, stillMs, tell })
  const topics = world.applications.map(({ replies }) => replies)
  // with the servers as they are, and not when they end: they clean up by themselves
  const tally = await settled(
    async () => judge(sent, await readReplies(kafka, topics), await contentsOf(world.bucket)),
    stuck.length === 0 ? stillMs / 4 : 0,
  )
  return { tally, disturbances, starts, stuck }
}
