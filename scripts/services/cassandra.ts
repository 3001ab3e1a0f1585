/** A Cassandra node of our own: throwaway data, loopback only, with users and their rights. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { classPath, jarOf, javaOptions, requireJava } from './java.ts'
import { freePort, type RestartableServer, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'Cassandra'
const version = '5.0.9'
const datacenter = 'datacenter1' // what a node with the simple snitch says of itself
const superuser = { username: 'cassandra', password: 'cassandra' } as const // made by the first start

/** Starts a node whose data lie in `folder`. */
export async function startCassandra(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const java = await requireJava(title, { from: 17, to: 17 })
  const artifacts = [`org.apache.cassandra:cassandra-all:${version}`] as const
  const path = await classPath({ title, artifacts }, java, signal)
  const [port, storagePort] = [await freePort(), await freePort()]
  const temporary = join(folder, 'tmp')
  await mkdir(temporary)
  const config = join(folder, 'cassandra.yaml')
  const log = join(folder, 'logback.xml')
  await writeFile(config, settings(port, storagePort))
  await writeFile(log, logging)
  const contactPoints = ['127.0.0.1']
  const server = await startServer(
    {
      command: java.program,
      args: [
        ...javaOptions(768, temporary),
        ...opened,
        `-javaagent:${jarOf(path, 'jamm')}`,
        `-Djna.tmpdir=${temporary}`,
        '-Djdk.attach.allowAttachSelf=true',
        '-Dio.netty.tryReflectionSetAccessible=true',
        `-Dcassandra.config=file://${config}`,
        `-Dlogback.configurationFile=${log}`,
        `-Dcassandra.storagedir=${join(folder, 'data')}`,
        `-Dcassandra.logdir=${folder}`,
        '-Dcassandra-foreground=yes',
        // nobody else is in the ring, so nobody has to be waited for
        '-Dcassandra.ring_delay_ms=0',
        '-Dcassandra.skip_wait_for_gossip_to_settle=0',
        '-Dcassandra.superuser_setup_delay_ms=0',
        '-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4', // the least: each connection of a test waits for it
        '-Dcassandra.load_ring_state=false',
        '-Dcassandra.unsafesystem=true', // its own tables need not survive anything
        '-cp',
        path,
        'org.apache.cassandra.service.CassandraDaemon',
      ],
      stopSignal: 'SIGKILL', // the data are thrown away
      startMs: 180_000,
      cwd: folder,
      probe: async () => {
        const client = new Client({
          contactPoints,
          localDataCenter: datacenter,
          protocolOptions: { port },
          credentials: superuser,
          socketOptions: { connectTimeout: 2_000 },
        })
        try {
          await client.execute('SELECT release_version FROM system.local')
        } finally {
          await client.shutdown()
        }
      },
    },
    signal,
  )
  return {
    ...server,
    value: JSON.stringify({ contactPoints, port, datacenter, ...superuser }),
    version: `Cassandra ${version} on Java ${java.major}`,
  }
}

/** What it uses of Java 17 that is not public there. */
const opened = [
  ...[
    'java.base/jdk.internal.misc',
    'java.base/java.lang.ref',
    'java.management.rmi/com.sun.jmx.remote.internal.rmi',
    'java.rmi/sun.rmi.registry',
    'java.rmi/sun.rmi.server',
    'java.sql/java.sql',
    'jdk.attach/sun.tools.attach',
  ].map((name) => `--add-exports=${name}=ALL-UNNAMED`),
  ...[
    'java.base/java.io',
    'java.base/java.lang',
    'java.base/java.lang.module',
    'java.base/java.lang.reflect',
    'java.base/java.nio',
    'java.base/java.util',
    'java.base/jdk.internal.loader',
    'java.base/jdk.internal.math',
    'java.base/jdk.internal.module',
    'java.base/jdk.internal.ref',
    'java.base/jdk.internal.reflect',
    'java.base/jdk.internal.util.jar',
    'java.base/sun.nio.ch',
    'jdk.management/com.sun.management.internal',
  ].map((name) => `--add-opens=${name}=ALL-UNNAMED`),
]

/** Sixteen tokens, so that a test sees more than one range. */
function settings(port: number, storagePort: number): string {
  return `cluster_name: tests
num_tokens: 16
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: '127.0.0.1:${storagePort}' }]
listen_address: 127.0.0.1
storage_port: ${storagePort}
rpc_address: 127.0.0.1
native_transport_port: ${port}
storage_compatibility_mode: NONE
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
roles_validity: 100ms
permissions_validity: 100ms
credentials_validity: 100ms
auto_bootstrap: false
auto_snapshot: false
commitlog_sync: periodic
commitlog_sync_period: 10s
commitlog_segment_size: 16MiB
commitlog_total_space: 256MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
networking_cache_size: 32MiB
key_cache_size: 8MiB
counter_cache_size: 0MiB
concurrent_reads: 8
concurrent_writes: 16
concurrent_compactors: 1
read_request_timeout: 20s
range_request_timeout: 30s
write_request_timeout: 20s
request_timeout: 30s
`
}

const logging = `<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date %-5level [%thread] %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
`
