/**
 * The table of all servers of the tests. To add one: a row here, `name.ts` beside it, and `test/support/name.ts`
 * with its test. The page `docs/reference/test-servers.md` is made from it.
 */
import type { StartServer } from './server.ts'

export interface ServerRow {
  /** What is started, for people. */
  readonly title: string
  /** Where a user's own server is; when it is set, none is started. */
  readonly variable: string
  /** What the variable holds, for people. */
  readonly holds: string
  /** Where it comes from, and the tools that takes; without them its tests are skipped. */
  readonly source: string
  /** What tests on it say of the systems that it stands for, and what they do not. */
  readonly proves: string
  /** Loaded when it is needed only: each has a client of its own. */
  readonly load: () => Promise<StartServer>
}

export const servers = {
  postgres: {
    title: 'PostgreSQL',
    variable: 'BULKHEAD_TEST_POSTGRES',
    holds: 'URL of an admin database, with a superuser: `postgres://USER:PASSWORD@HOST:PORT/postgres`',
    source: 'this machine',
    proves:
      'It is the real one. Aurora PostgreSQL is tested by its protocol only, until the variable names one',
    load: async () => (await import('./postgres.ts')).startPostgres,
  },
  s3: {
    title: 'versitygw, for S3',
    variable: 'BULKHEAD_TEST_S3',
    holds: 'JSON: `endpoint`, `region`, `accessKeyId`, `secretAccessKey`',
    source: 'the Go proxy; Go',
    proves:
      "S3's API: it verifies signatures, expiry, checksums and the sizes of parts. It encrypts nothing and has no lifecycle rules",
    load: async () => (await import('./s3.ts')).startS3,
  },
  mysql: {
    title: 'MariaDB',
    variable: 'BULKHEAD_TEST_MYSQL',
    holds: 'URL of a user with all rights: `mysql://USER:PASSWORD@HOST:PORT/`',
    source: "this machine, or the package registry of Debian's family, which takes no root",
    proves:
      'MariaDB is the real one. MySQL and Aurora MySQL are tested by their protocol only, until the variable names one',
    load: async () => (await import('./mysql.ts')).startMysql,
  },
  mongodb: {
    title: 'mongo-java-server, for MongoDB',
    variable: 'BULKHEAD_TEST_MONGODB',
    holds: 'connection string of a user who may make and drop databases: `mongodb://USER:PASSWORD@HOST:PORT`',
    source: 'Maven; Java 17 or newer with its compiler',
    proves:
      "MongoDB's protocol, find and most of aggregate, in memory. It has no sessions, transactions, change streams, replicas or users",
    load: async () => (await import('./mongodb.ts')).startMongodb,
  },
  opensearch: {
    title: 'OpenSearch',
    variable: 'BULKHEAD_TEST_OPENSEARCH',
    holds: 'JSON: `url`, and where it asks for them `username` and `password`',
    source:
      'Maven; Java 21 or newer with its compiler for OpenSearch 3, which JAVA_HOME, PATH and /usr/lib/jvm are searched for, else 17 for 2.19',
    proves: 'It is the real one, one node, without plugins: SQL and users are not part of it',
    load: async () => (await import('./opensearch.ts')).startOpensearch,
  },
  cassandra: {
    title: 'Cassandra',
    variable: 'BULKHEAD_TEST_CASSANDRA',
    holds:
      'JSON: `contactPoints` (a list of hosts), `port`, `datacenter`, and where it asks for them `username` and `password` of a superuser',
    source: 'Maven; Java 17',
    proves: 'It is the real one, one node with sixteen token ranges, with users and their rights',
    load: async () => (await import('./cassandra.ts')).startCassandra,
  },
  kafka: {
    title: 'Kafka',
    variable: 'BULKHEAD_TEST_KAFKA',
    holds:
      'JSON: `bootstrap` (`HOST:PORT`, several with commas), and for a listener with passwords `sasl`: `bootstrap`, `mechanism`, `username`, `password`',
    source: 'Maven; Java 17 or newer',
    proves:
      'It is the real one, one broker, with a second listener that asks for a password. There is no schema registry',
    load: async () => (await import('./kafka.ts')).startKafka,
  },
  athena: {
    title: "moto, for Athena's API",
    variable: 'BULKHEAD_TEST_ATHENA',
    holds:
      'JSON: for the stand-in `endpoint`; for AWS `region`, `accessKeyId`, `secretAccessKey`, `sessionToken` if there is one, `workgroup`, `database`, `outputLocation`',
    source: 'PyPI; Python with venv',
    proves:
      'The shape of requests and answers, and results in S3. It runs no SQL, verifies no signature, and every query succeeds at once',
    load: async () => (await import('./athena.ts')).startAthena,
  },
  redis: {
    title: 'Redis',
    variable: 'BULKHEAD_TEST_REDIS',
    holds: 'URL: `redis://USER:PASSWORD@HOST:PORT`',
    source: "this machine, or the package registry of Debian's family, which takes no root",
    proves: 'It is the real one, in memory',
    load: async () => (await import('./redis.ts')).startRedis,
  },
  oidc: {
    title: 'oidc-provider, for OpenID',
    variable: 'BULKHEAD_TEST_OIDC',
    holds: 'JSON: `issuer`, and where clients cannot register themselves `clientId`, `clientSecret`, `scope`',
    source: 'npm, with the other packages',
    proves: 'The grant `client_credentials` of a certified provider, with signed tokens of ten seconds',
    load: async () => (await import('./oidc.ts')).startOidc,
  },
} as const satisfies Readonly<Record<string, ServerRow>>

export type ServerName = keyof typeof servers

export const serverNames = Object.keys(servers) as readonly ServerName[]

export function isServerName(name: string): name is ServerName {
  return Object.hasOwn(servers, name)
}
