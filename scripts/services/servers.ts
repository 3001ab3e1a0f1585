/** The table of all servers of the tests. To add one: a row here, `name.ts` beside it, and `test/support/name.ts`. */
import type { StartServer } from './server.ts'

export interface ServerRow {
  /** What the server is, for people. */
  readonly title: string
  /** Where a user's own server is; when it is set, none is started. */
  readonly variable: string
  /** What the variable holds, for people. */
  readonly holds: string
  /** Loaded when it is needed only: each has a client of its own. */
  readonly load: () => Promise<StartServer>
}

export const servers = {
  postgres: {
    title: 'PostgreSQL',
    variable: 'BULKHEAD_TEST_POSTGRES',
    holds: 'URL of an admin database, with a superuser: `postgres://USER:PASSWORD@HOST:PORT/postgres`',
    load: async () => (await import('./postgres.ts')).startPostgres,
  },
  s3: {
    title: 'S3 with signatures (versitygw)',
    variable: 'BULKHEAD_TEST_S3',
    holds: 'JSON: `endpoint`, `region`, `accessKeyId`, `secretAccessKey`',
    load: async () => (await import('./s3.ts')).startS3,
  },
  mysql: {
    title: 'MariaDB',
    variable: 'BULKHEAD_TEST_MYSQL',
    holds: 'URL of a user with all rights: `mysql://USER:PASSWORD@HOST:PORT/`',
    load: async () => (await import('./mysql.ts')).startMysql,
  },
  mongodb: {
    title: 'MongoDB by its protocol (mongo-java-server)',
    variable: 'BULKHEAD_TEST_MONGODB',
    holds: 'connection string of a user who may make and drop databases: `mongodb://USER:PASSWORD@HOST:PORT`',
    load: async () => (await import('./mongodb.ts')).startMongodb,
  },
  opensearch: {
    title: 'OpenSearch',
    variable: 'BULKHEAD_TEST_OPENSEARCH',
    holds: 'JSON: `url`, and where it asks for them `username` and `password`',
    load: async () => (await import('./opensearch.ts')).startOpensearch,
  },
  cassandra: {
    title: 'Cassandra',
    variable: 'BULKHEAD_TEST_CASSANDRA',
    holds:
      'JSON: `contactPoints` (a list of hosts), `port`, `datacenter`, and where it asks for them `username` and `password`',
    load: async () => (await import('./cassandra.ts')).startCassandra,
  },
  kafka: {
    title: 'Kafka',
    variable: 'BULKHEAD_TEST_KAFKA',
    holds: 'JSON: `bootstrap` (`HOST:PORT`, several with commas)',
    load: async () => (await import('./kafka.ts')).startKafka,
  },
  athena: {
    title: "Athena's API (moto)",
    variable: 'BULKHEAD_TEST_ATHENA',
    holds:
      'JSON: for the stand-in `endpoint`; for AWS `region`, `accessKeyId`, `secretAccessKey`, `sessionToken` if there is one, `workgroup`, `database`, `outputLocation`',
    load: async () => (await import('./athena.ts')).startAthena,
  },
  redis: {
    title: 'Redis',
    variable: 'BULKHEAD_TEST_REDIS',
    holds: 'URL: `redis://USER:PASSWORD@HOST:PORT`',
    load: async () => (await import('./redis.ts')).startRedis,
  },
  oidc: {
    title: 'an OpenID provider (oidc-provider)',
    variable: 'BULKHEAD_TEST_OIDC',
    holds: 'JSON: `issuer`, and where clients cannot register themselves `clientId`, `clientSecret`, `scope`',
    load: async () => (await import('./oidc.ts')).startOidc,
  },
} as const satisfies Readonly<Record<string, ServerRow>>

export type ServerName = keyof typeof servers

export const serverNames = Object.keys(servers) as readonly ServerName[]

export function isServerName(name: string): name is ServerName {
  return Object.hasOwn(servers, name)
}
