/** Small requests through a warm server: how many a second, and how long one takes. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startServices } from '../../scripts/services/start.ts'
import { commandEnvironment } from '../bulkhead-command.ts'
import { type Spread, spreadOf } from '../measure/statistics.ts'
import type { ScratchDatabase } from '../scratch-database.ts'
import { openEmbeddedWay } from './embedded-way.ts'
import { askTogether, type Load, measureRound, type RequestRound } from './request-load.ts'
import { createReplyBox, job, type ReplyBox, type RequestClient, type RequestWay } from './request-way.ts'
import { type RunningServer, startServer } from './running-server.ts'
import { openTeamWay, type TeamServers } from './team-way.ts'

export interface RequestFigures {
  readonly lane: RequestWay['name']
  readonly rounds: number
  /** Each over the rounds. */
  readonly perSecond: Spread
  readonly loadedMs: { readonly p50: Spread; readonly p95: Spread }
  readonly unloadedMs: { readonly p50: Spread; readonly p95: Spread }
  readonly cpuMs: Spread
  readonly peakBytes: number
}

export interface Measuring {
  /** Of `installCommand`. */
  readonly command: string
  readonly scratch: ScratchDatabase
  readonly rounds: number
  /** Called before each round. */
  readonly rest: () => Promise<void>
  readonly say: (text: string) => void
}

const rows = 100
const load: Load = { alone: 200, together: 2000, atOnce: 8 }
/** Runners are started, and code is compiled, before anything is measured. */
const warmUp = 2000

/** A row a number: nothing is read from a table. */
const query = `SELECT i AS id, 'row ' || i AS name, now() AS at
  FROM generate_series(:first::integer, :first::integer + ${rows - 1}) AS i`

/** Both ways in turns; the way of a team is left out where its servers cannot run. */
export async function measureRequests(measuring: Measuring): Promise<readonly RequestFigures[]> {
  const { scratch, rounds, rest, say } = measuring
  await using opened = new AsyncDisposableStack()
  const box = createReplyBox(rows)
  const ways = [opened.use(await openEmbeddedWay(box, join(scratch.folder, 'results')))]
  const team = await teamServers(measuring, opened)
  if ('reason' in team) say(`requests-team is left out: ${team.reason}`)
  else ways.push(opened.use(await openTeamWay(box, team)))
  const lanes = []
  for (const way of ways) lanes.push(await openLane(way, box, measuring, opened))
  for (let round = 1; round <= rounds; round++) {
    for (const { way, server, client, results } of lanes) {
      await rest()
      const result = await measureRound(server, client, box, load)
      results.push(result)
      say(`Round ${round} of ${rounds}, ${way.name}: ${result.perSecond.toFixed(0)} requests a second`)
    }
  }
  return lanes.map(({ way, results }) => figuresOf(way.name, results))
}

interface OpenLane {
  readonly way: RequestWay
  readonly server: RunningServer
  readonly client: RequestClient
  readonly results: RequestRound[]
}

async function openLane(
  way: RequestWay,
  box: ReplyBox,
  { command, scratch, say }: Measuring,
  opened: AsyncDisposableStack,
): Promise<OpenLane> {
  say(`Starting the server of ${way.name}`)
  const folder = join(scratch.folder, way.name)
  await mkdir(folder)
  const { hostname: host, port, pathname, username, password } = new URL(scratch.url)
  const login = password === '' ? {} : { password: { secret: 'source' } }
  const config = {
    host,
    port: Number(port || 5432),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    ...login,
  }
  const server = opened.use(
    await startServer({
      command: {
        file: command,
        args: [],
        environment: {
          ...commandEnvironment(),
          BULKHEAD_ALLOW_LOOPBACK: '1',
          BULKHEAD_SECRET__REQUESTS__SOURCE: decodeURIComponent(password),
          ...way.environment,
        },
      },
      folder,
      application: {
        ...way.application,
        connections: { source: { connector: 'postgres', config } },
        jobs: {
          [job]: {
            parameters: { first: { type: 'integer' } },
            source: { connection: 'source', query },
            output: { format: 'csv' },
            deliver: { store: 'results', urlExpiresIn: 'PT1H' },
          },
        },
        policy: { limits: { concurrentRuns: load.atOnce } },
      },
      // its limit is no part of what is measured
      platform: { ...way.platform, http: { port: 0, requestsPerSecond: 100_000 }, files: { port: 0 } },
    }),
  )
  const client = opened.use(await way.open(server))
  await askTogether(client, box, warmUp, load.atOnce)
  return { way, server, client, results: [] }
}

async function teamServers(
  { scratch }: Measuring,
  opened: AsyncDisposableStack,
): Promise<TeamServers | { readonly reason: string }> {
  const services = opened.use(await startServices(['kafka', 's3']))
  const kafka = services.environment['BULKHEAD_TEST_KAFKA'] ?? process.env['BULKHEAD_TEST_KAFKA']
  const s3 = services.environment['BULKHEAD_TEST_S3'] ?? process.env['BULKHEAD_TEST_S3']
  if (kafka === undefined || s3 === undefined) {
    const reasons = ['kafka', 's3'].flatMap((name) => services.missing[name] ?? services.failed[name] ?? [])
    return { reason: reasons.join('; ') }
  }
  return {
    // in a schema of its own beside what is read
    repository: scratch.url,
    kafka: JSON.parse(kafka) as TeamServers['kafka'],
    s3: JSON.parse(s3) as TeamServers['s3'],
  }
}

function figuresOf(lane: RequestWay['name'], results: readonly RequestRound[]): RequestFigures {
  const over = (value: (round: RequestRound) => number): Spread => spreadOf(results.map(value))
  const part = (times: 'loadedMs' | 'unloadedMs', share: number): Spread =>
    over((round) => quantile(round[times], share))
  return {
    lane,
    rounds: results.length,
    perSecond: over(({ perSecond }) => perSecond),
    loadedMs: { p50: part('loadedMs', 0.5), p95: part('loadedMs', 0.95) },
    unloadedMs: { p50: part('unloadedMs', 0.5), p95: part('unloadedMs', 0.95) },
    cpuMs: over(({ cpuMs }) => cpuMs),
    peakBytes: Math.max(...results.map(({ peakBytes }) => peakBytes)),
  }
}

/** The least value that so large a share of all does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
