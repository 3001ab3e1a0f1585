/** A Kafka broker of our own, which is its controller too (KRaft): throwaway data, loopback only. */
import { createHash, randomBytes } from 'node:crypto'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { cached } from './cache.ts'
import { classPath, type Java, javaOptions, requireJava } from './java.ts'
import { freePort, type RestartableServer, runTool, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'Kafka'
const version = '4.3.1'
const artifacts = [`org.apache.kafka:kafka_2.13:${version}`, 'org.slf4j:slf4j-simple:1.7.36'] as const

interface Ports {
  readonly open: number
  /** Asks for a password. */
  readonly guarded: number
  /** Tells its clients another address than its own, where a test may have a proxy. */
  readonly proxied: number
  readonly controller: number
}

const anyPorts: Ports = { open: 9092, guarded: 9093, proxied: 9095, controller: 9094 }
const username = 'bulkhead'
/** Nobody else listens there: its port is one that the broker has at 127.0.0.1. */
const proxyHost = '127.0.0.2'

/** Starts a broker whose data lie in `folder`. */
export async function startKafka(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const java = await requireJava(title, { from: 17 })
  const path = await classPath({ title, artifacts }, java, signal)
  const data = join(folder, 'data')
  await cp(await template(java, path, signal), data, { recursive: true })
  const ports = {
    open: await freePort(),
    guarded: await freePort(),
    proxied: await freePort(),
    controller: await freePort(),
  }
  const password = randomBytes(12).toString('base64url')
  const config = join(folder, 'server.properties')
  await writeFile(config, settings(data, ports, password))
  const bootstrap = `127.0.0.1:${ports.open}`
  const sasl = { bootstrap: `127.0.0.1:${ports.guarded}`, mechanism: 'PLAIN', username, password }
  const proxied = { bootstrap: `${proxyHost}:${ports.proxied}`, target: `127.0.0.1:${ports.proxied}` }
  const server = await startServer(
    {
      command: java.program,
      args: [...javaOptions(512, folder), ...logging, '-cp', path, 'kafka.Kafka', config],
      stopSignal: 'SIGKILL', // the data are thrown away
      startMs: 120_000,
      cwd: folder,
      probe: async () => {
        const admin = new Admin({
          clientId: 'probe',
          bootstrapBrokers: [bootstrap],
          retries: false,
          timeout: 2_000,
        })
        try {
          await admin.listTopics()
        } finally {
          await admin.close()
        }
      },
    },
    signal,
  )
  return {
    ...server,
    value: JSON.stringify({ bootstrap, sasl, proxied }),
    version: `Kafka ${version} on Java ${java.major}`,
  }
}

const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

/** A data folder has to be formatted before the first start: a Java process of its own, so it is kept. */
async function template(java: Java, path: string, signal: AbortSignal): Promise<string> {
  const recipe = createHash('sha256')
    .update(path)
    .update(settings('', anyPorts, ''))
    .digest('hex')
    .slice(0, 8)
  const folder = await cached(`kafka-data-${version}-${recipe}`, async (made) => {
    const config = join(made, 'server.properties')
    const data = join(made, 'data')
    await mkdir(data)
    await writeFile(config, settings(data, anyPorts, 'any')) // neither is kept in the data
    await runTool(
      java.program,
      [
        ...javaOptions(256, made),
        ...logging,
        '-cp',
        path,
        'kafka.tools.StorageTool',
        'format',
        '--cluster-id',
        'YnVsa2hlYWQtdGVzdHMtMQ', // any 16 bytes
        '--config',
        config,
      ],
      { cwd: made, signal },
    )
  })
  return join(folder, 'data')
}

/** One node: every topic of its own has one replica and few partitions, and nothing waits for others. */
function settings(data: string, { open, guarded, proxied, controller }: Ports, password: string): string {
  const listeners = `PLAINTEXT://127.0.0.1:${open},SASL_PLAINTEXT://127.0.0.1:${guarded}`
  const internal = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${listeners},PROXIED://127.0.0.1:${proxied},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${listeners},PROXIED://${proxyHost}:${proxied}
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=${data}
${internal.map((name) => `${name}.replication.factor=1\n${name}.num.partitions=2`).join('\n')}
transaction.state.log.min.isr=1
share.coordinator.state.topic.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=8388608
message.max.bytes=10485760
`
}
