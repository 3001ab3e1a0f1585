/** What chaos happens to: servers over one database, topics, a bucket, and a proxy before each. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '../support/cleanup.ts'
import { brokersOf, type KafkaServer, proxyBroker, withAdmin } from '../support/kafka.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { createBucket, type TestBucket } from '../support/s3.ts'
import { serverVariable } from '../support/environment.ts'
import { type ChaosApplication, namesOf, writeApplications } from './chaos-applications.ts'
import type { Line } from './disturb.ts'
import { type ServerUnderTest, startServerUnderTest } from './server-under-test.ts'

export interface World extends AsyncDisposable {
  readonly applications: readonly ChaosApplication[]
  readonly servers: readonly ServerUnderTest[]
  /** Where orders for servers and runners lie. */
  readonly orders: string
  /** Cuts every connection of servers and runners. */
  readonly cut: (line: Line) => void
  /** The ways of who looks on: no proxy is in them. */
  readonly kafka: KafkaServer
  readonly repository: TestDatabase
  readonly bucket: TestBucket
  /** Ends the servers as their operators do; they may take as long as they drain. */
  readonly stopServers: () => Promise<void>
}

export interface WorldOptions {
  readonly seed: number
  readonly applications: number
  readonly servers: number
  /** Servers and runners as they ship, from the last build; otherwise from their sources. */
  readonly built?: boolean
  readonly tell: (line: string) => void
}

export async function makeWorld(scope: Scope, options: WorldOptions): Promise<World> {
  await using made = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-chaos-'))
  made.defer(async () => {
    if (process.env['BULKHEAD_CHAOS_KEEP'] === undefined) await rm(folder, { recursive: true, force: true })
    else options.tell(`kept ${folder}`)
  })
  const kafka = JSON.parse(serverVariable('kafka')) as KafkaServer
  const source = await createDatabase(scope)
  const repository = await createDatabase(scope)
  const bucket = await createBucket(scope)
  const { port, hostname: host } = new URL(bucket.endpoint)
  const proxies = {
    repository: await startProxy(scope, repository),
    source: await startProxy(scope, source),
    store: await startProxy(scope, { host, port: Number(port) }),
    broker: (await proxyBroker(scope)).proxy,
  }
  const applications = namesOf(options.applications, `chaos-${process.pid}-${options.seed}`)
  const topics = applications.flatMap(({ requests, replies }) => [requests, replies])
  await withAdmin(kafka, (admin) => admin.createTopics({ topics, partitions: 2, replicas: 1 }))
  made.defer(() =>
    withAdmin(kafka, (admin) => admin.deleteTopics({ topics })).then(
      () => undefined,
      () => undefined,
    ),
  )
  const orders = join(folder, 'orders')
  await mkdir(orders)
  const apps = join(folder, 'applications')
  await writeApplications(apps, applications, {
    database: { ...source, host: '127.0.0.1', port: proxies.source.port },
    bucket: { ...bucket, endpoint: `http://127.0.0.1:${proxies.store.port}` },
  })
  const url = new URL(repository.url)
  url.hostname = '127.0.0.1'
  url.port = String(proxies.repository.port)
  const platform = join(folder, 'platform.yaml')
  await writeFile(platform, JSON.stringify(platformOf(`${proxies.broker.host}:${proxies.broker.port}`, url)))
  const secrets = applications.map(({ name }) => [
    `BULKHEAD_SECRET__${name.toUpperCase().replaceAll('-', '_')}__EXPORTS`,
    bucket.secretAccessKey,
  ])
  const running = made.use(new AsyncDisposableStack())
  const servers: ServerUnderTest[] = []
  for (let index = 0; index < options.servers; index += 1) {
    const own = join(folder, `server-${index}`)
    await mkdir(own)
    servers.push(
      running.use(
        startServerUnderTest({
          name: `server-${index}`,
          applications: apps,
          platform,
          folder: own,
          orders,
          built: options.built ?? false,
          compileCache: join(folder, 'compiled'),
          environment: { ...Object.fromEntries(secrets), BULKHEAD_ALLOW_LOOPBACK: '1' },
        }),
      ),
    )
  }
  const all = made.move()
  return {
    applications,
    servers,
    orders,
    cut: (line) => proxies[line].cut(),
    kafka: { bootstrap: brokersOf(kafka).join(',') },
    repository,
    bucket,
    stopServers: () => running.disposeAsync(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function platformOf(broker: string, repositoryUrl: URL): unknown {
  return {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: {
      repository: { postgres: { url: repositoryUrl.href } },
      http: { port: 0, requestsPerSecond: 100_000 },
      auth: { tokens: 'off' },
      files: { port: 0 },
      kafka: { main: { bootstrap: [broker] } },
      runners: { processes: 8, lease: 'PT2S', silence: 'PT15S', attempts: 20, idle: 'PT10S' },
      drain: 'PT5S',
    },
  }
}
