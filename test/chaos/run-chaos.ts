/** One run of chaos: requests over topics, servers that die, and the verdict. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scope } from '../support/cleanup.ts'
import { brokersOf, type KafkaServer, withAdmin } from '../support/kafka.ts'
import { createDatabase, execute } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { contentsOf, createBucket } from '../support/s3.ts'
import { serverVariable } from '../support/environment.ts'
import { namesOf, writeApplications } from './chaos-applications.ts'
import { type Disturbances, disturb, killsOf, noDisturbances } from './disturb.ts'
import { randomOf } from './random.ts'
import { collectReplies } from './replies.ts'
import { makeRequests, sendRequests } from './requests.ts'
import { startServerUnderTest } from './server-under-test.ts'
import { judge, type Tally } from './verdict.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly applications: number
  readonly requests: number
  readonly kills: number
  readonly servers: number
  readonly perSecond: number
  /** How long to wait for the last answers when nothing disturbs any more. */
  readonly settleMs: number
  readonly tell: (line: string) => void
}

export interface ChaosResult {
  readonly tally: Tally
  readonly disturbances: Disturbances
  /** Runs that are not over, messages that were not sent. */
  readonly stuck: readonly string[]
}

export async function runChaos(scope: Scope, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, tell } = options
  const random = randomOf(seed)
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-chaos-'))
  const kafka = JSON.parse(serverVariable('kafka')) as KafkaServer
  const [database, repository, bucket] = [
    await createDatabase(scope),
    await createDatabase(scope),
    await createBucket(scope),
  ]
  const applications = namesOf(options.applications, `chaos-${process.pid}-${seed}`)
  const topics = applications.flatMap(({ requests, replies }) => [requests, replies])
  await withAdmin(kafka, (admin) => admin.createTopics({ topics, partitions: 2, replicas: 1 }))
  const orders = join(folder, 'orders')
  await mkdir(orders)
  const apps = join(folder, 'applications')
  await writeApplications(apps, applications, { database, bucket })
  const proxy = await startProxy(scope, { host: repository.host, port: repository.port })
  const repositoryUrl = new URL(repository.url)
  repositoryUrl.hostname = '127.0.0.1'
  repositoryUrl.port = String(proxy.port)
  const platform = join(folder, 'platform.yaml')
  await writeFile(platform, JSON.stringify(platformOf(kafka, repositoryUrl.href)))
  const secrets = Object.fromEntries(
    applications.map(({ name }) => [
      `BULKHEAD_SECRET__${name.toUpperCase().replaceAll('-', '_')}__EXPORTS`,
      bucket.secretAccessKey,
    ]),
  )
  try {
    const requests = makeRequests(applications, options.requests, random)
    await using replies = await collectReplies(
      kafka,
      topics.filter((topic) => topic.endsWith('.replies')),
    )
    await using stack = new AsyncDisposableStack()
    const servers = []
    for (let index = 0; index < options.servers; index += 1) {
      const own = join(folder, `server-${index}`)
      await mkdir(own)
      servers.push(
        stack.use(
          startServerUnderTest({
            name: `server-${index}`,
            applications: apps,
            platform,
            folder: own,
            orders,
            environment: { ...secrets, BULKHEAD_ALLOW_LOOPBACK: '1' },
          }),
        ),
      )
    }
    const calm = new AbortController()
    const disturbances = noDisturbances()
    const disturbing = disturb(
      { servers, orders, kills: options.kills, random, cut: () => proxy.cut(), signal: calm.signal, tell },
      disturbances,
    )
    await sendRequests(kafka, requests, {
      twice: ({ seed: number }) => number % 20 === 0,
      perSecond: options.perSecond,
      disturbed: () => (options.kills === 0 ? 1 : killsOf(disturbances) / options.kills),
    })
    tell(`sent ${requests.length} requests`)
    const deadline = performance.now() + options.settleMs
    const rest = setTimeout(() => calm.abort(), 10_000)
    await disturbing
    clearTimeout(rest)
    calm.abort()
    tell(
      `disturbed: ${JSON.stringify(disturbances)}; ${servers.map((server) => server.starts()).join(' and ')} starts`,
    )
    while (replies.byRequest.size < requests.length && performance.now() < deadline) await sleep(250)
    await sleep(3000) // for what comes twice
    const stuck = await stuckIn(repository.url, deadline)
    const tally = judge(requests, replies.byRequest, await contentsOf(bucket))
    return { tally, disturbances, stuck }
  } finally {
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics })).catch(() => undefined)
    if (process.env['BULKHEAD_CHAOS_KEEP'] === undefined) await rm(folder, { recursive: true, force: true })
    else tell(`kept ${folder}`)
  }
}

function platformOf(kafka: KafkaServer, repositoryUrl: string): unknown {
  return {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: {
      repository: { postgres: { url: repositoryUrl } },
      http: { port: 0 },
      files: { port: 0 },
      kafka: { main: { bootstrap: brokersOf(kafka) } },
      runners: { processes: 8, lease: 'PT2S', silence: 'PT8S', attempts: 20, idle: 'PT10S' },
      drain: 'PT5S',
    },
  }
}

async function stuckIn(url: string, deadline: number): Promise<readonly string[]> {
  for (;;) {
    const rows = (await execute(
      new URL(url),
      `SELECT 'run ' || run_id || ' is ' || state AS what FROM bulkhead.runs WHERE state IN ('queued', 'running')
       UNION ALL SELECT 'message ' || id || ' is ' || state FROM bulkhead.outbox WHERE state <> 'sent'`,
    )) as readonly { readonly what: string }[]
    if (rows.length === 0 || performance.now() > deadline) return rows.map(({ what }) => what)
    await sleep(500)
  }
}
