/** What a team's server stands on: its repository in PostgreSQL, requests and replies on Kafka, results in S3. */
import { randomBytes } from 'node:crypto'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTable } from '../../examples/thirty/table.ts'
import { postgresConnection, s3Store } from '../support/application-folder.ts'
import type { Scope } from '../support/cleanup.ts'
import { brokersOf, type KafkaServer } from '../support/kafka.ts'
import { createDatabase, createRole, execute, type TestDatabase } from '../support/postgres.ts'
import { type Proxy, startProxy } from '../support/proxy.ts'
import { createBucket, s3Client } from '../support/s3.ts'
import { serverVariable } from '../support/environment.ts'
import type { Home } from './home.ts'
import { bucketWord, databaseWord, teamTable } from './team-table.ts'
import { type NewTopic, startTopics, type Topics } from './topics.ts'

export interface Team extends AsyncDisposable {
  readonly home: Home & { readonly topics: Topics }
  /** Connections as manifests have them: to a database, and to one that is slow and lets few in. */
  readonly healthy: unknown
  readonly sick: unknown
  /** Topics of a culprit. */
  readonly topicsOf: (culprit: string) => CulpritTopics
}

export interface CulpritTopics {
  readonly requests: string
  readonly replies: string
  readonly deadLetters: string
  /** That reads the requests. */
  readonly group: string
}

/** Its role may not have more at once: the rest is refused by the server. */
const mostConnections = 3
const bytesPerSecond = 50_000
/** Larger than a request may be, larger than what a broker takes unless it is told so. */
const culpritBytes = 16 * 1024 * 1024
const commitMs = 30_000

/** @param others  how many applications there are besides the culprits */
export async function startTeam(
  scope: Scope,
  { others, culprits }: { readonly others: number; readonly culprits: readonly string[] },
): Promise<Team> {
  const prefix = `i${randomBytes(3).toString('hex')}`
  const table = teamTable(await readTable(), others + 1, prefix)
  const kafka = JSON.parse(serverVariable('kafka')) as KafkaServer
  const database = await createDatabase(scope)
  const repository = await createDatabase(scope)
  const bucket = await createBucket(scope)
  const client = s3Client(bucket)
  scope.after(() => client.destroy())
  const sick = await startSickDatabase(scope, await createDatabase(scope))
  const topicsOf = (culprit: string): CulpritTopics => ({
    requests: `${prefix}.${culprit}.requests`,
    replies: `${prefix}.${culprit}.replies`,
    deadLetters: `${prefix}.${culprit}.requests.dead-letters`,
    // two files of tests use one broker at once, and one name for their culprit
    group: `${prefix}.${culprit}`,
  })
  const names = Object.keys(table)
  const own = culprits.map(topicsOf)
  const all: NewTopic[] = [
    ...names.flatMap((name) => [{ name: `${name}.requests` }, { name: `${name}.replies` }]),
    ...own.flatMap(({ requests, replies, deadLetters }) => [
      { name: requests, settings: { 'max.message.bytes': String(culpritBytes) } },
      { name: replies },
      { name: deadLetters },
    ]),
  ]
  const replies = [...names.map((name) => `${name}.replies`), ...own.map((one) => one.replies)]
  const topics = await startTopics(kafka, { all, replies })
  return {
    home: {
      table,
      topics,
      places: {
        [databaseWord]: postgresConnection(database).config,
        [bucketWord]: s3Store(bucket, 'exports'),
      },
      platform: {
        repository: { postgres: { url: repository.url } },
        kafka: { main: { bootstrap: brokersOf(kafka) } },
      },
      environment: {
        ...Object.fromEntries(names.map((name) => [secretOf(name, 'exports'), bucket.secretAccessKey])),
        ...Object.fromEntries(culprits.map((name) => [secretOf(name, 'password'), sick.password])),
      },
      async read(location) {
        const { hostname: Bucket, pathname } = new URL(location)
        const Key = decodeURIComponent(pathname.slice(1))
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return Buffer.from((await Body?.transformToByteArray()) ?? [])
      },
      // what was answered was taken: its topic must not wait for anything
      harm: async (applications) => {
        const behind = await Promise.all(
          applications.map(async (name) => {
            const lag = await lagAtLast(topics, `${name}.requests`, groupOf(name))
            return lag === 0 ? [] : [`${name}: ${lag} messages of its topic are not taken`]
          }),
        )
        return behind.flat()
      },
    },
    healthy: postgresConnection(database),
    sick: sick.connection,
    topicsOf,
    [Symbol.asyncDispose]: () => topics[Symbol.asyncDispose](),
  }
}

const groupOf = (application: string): string => `bulkhead.${application}.topic`

function secretOf(application: string, name: string): string {
  return `BULKHEAD_SECRET__${application}__${name}`.toUpperCase().replaceAll('-', '_')
}

/** Positions are committed now and then. */
async function lagAtLast(topics: Topics, topic: string, group: string): Promise<number> {
  for (const begun = performance.now(); ; await sleep(500)) {
    const lag = await topics.lag(topic, group)
    if (lag === 0 || performance.now() - begun > commitMs) return lag
  }
}

async function startSickDatabase(
  scope: Scope,
  database: TestDatabase,
): Promise<{ readonly connection: unknown; readonly password: string }> {
  const { user, password } = await createRole(scope, database)
  await execute(database, `ALTER ROLE ${user} CONNECTION LIMIT ${mostConnections}`)
  const proxy: Proxy = await startProxy(scope, database)
  proxy.throttle(bytesPerSecond)
  const through = { ...database, host: proxy.host, port: proxy.port, user }
  return { connection: postgresConnection(through, { password: { secret: 'password' } }), password }
}
