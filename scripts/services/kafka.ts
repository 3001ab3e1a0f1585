/** A Kafka broker of our own, which is its controller too (KRaft): throwaway data, loopback only. */
import { createHash } from 'node:crypto'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Admin } from '@platformatic/kafka'
import { cached } from './cache.ts'
import { classPath, type Java, javaOptions, requireJava } from './java.ts'
import { freePort, runTool, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'Kafka'
const version = '4.3.1'
const artifacts = [`org.apache.kafka:kafka_2.13:${version}`, 'org.slf4j:slf4j-simple:1.7.36'] as const

/** Starts a broker whose data lie in `folder`. */
export async function startKafka(folder: string, signal: AbortSignal): Promise<StartedServer> {
  const java = await requireJava(title, { from: 17 })
  const path = await classPath({ title, artifacts }, java, signal)
  const data = join(folder, 'data')
  await cp(await template(java, path, signal), data, { recursive: true })
  const [port, controllerPort] = [await freePort(), await freePort()]
  const config = join(folder, 'server.properties')
  await writeFile(config, settings(data, port, controllerPort))
  const bootstrap = `127.0.0.1:${port}`
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
    value: JSON.stringify({ bootstrap }),
    version: `Kafka ${version} on Java ${java.major}`,
  }
}

const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']

/** A data folder has to be formatted before the first start: a Java process of its own, so it is kept. */
async function template(java: Java, path: string, signal: AbortSignal): Promise<string> {
  const recipe = createHash('sha256')
    .update(path)
    .update(settings('', 0, 0))
    .digest('hex')
    .slice(0, 8)
  const folder = await cached(`kafka-data-${version}-${recipe}`, async (made) => {
    const config = join(made, 'server.properties')
    const data = join(made, 'data')
    await mkdir(data)
    await writeFile(config, settings(data, 9092, 9093)) // the ports are not kept in the data
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
function settings(data: string, port: number, controllerPort: number): string {
  const internal = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
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
