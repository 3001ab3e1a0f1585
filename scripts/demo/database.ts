import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Question } from './question.ts'

/**
 * The same from a PostgreSQL. Nothing is written to it, and no table of it is read: the rows come from
 * `generate_series` in the query.
 * @param url     DATABASE_URL; its password travels in the environment and in a file that only this user reads
 * @param folder  temporary, for the request
 */
export function databaseQuestions(url: string, folder: string): readonly Question[] {
  const database = readUrl(url)
  const environmentName = database.password === '' ? 'database' : 'database-with-password'
  const environment = {
    DATABASE_HOST: database.host,
    DATABASE_PORT: database.port,
    DATABASE_NAME: database.name,
    DATABASE_USER: database.user,
    DATABASE_TLS: database.tls,
    ...(database.password !== '' && { BULKHEAD_SECRET__MEASUREMENTS__DATABASE_PASSWORD: database.password }),
    // Whoever runs the demo decides about this machine.
    ...(isLoopback(database.host) && { BULKHEAD_ALLOW_LOOPBACK: '1' }),
  }
  const request = join(folder, 'request.json')
  writeFileSync(request, JSON.stringify(adHocRequest(database)), { mode: 0o600 })
  const job = ['--environment', environmentName, '--job', 'readings', '-p', 'sensor=bed-7']
  return [
    {
      title: 'A named job with a parameter, row by row through its reading.ts',
      plan: ['plan', 'examples/measurements', ...job],
      run: ['run', '--application', 'examples/measurements', ...job],
      environment,
      next: [],
    },
    {
      title: 'An ad hoc request: connector, settings and query of its own, in the fastest form',
      plan: ['plan', '--request', request],
      run: ['run', '--request', request],
      environment: {},
      next: [
        {
          command: `npx bulkhead copy "${withoutPassword(database)}?table=pg_catalog.pg_class" bulkhead-out/classes.csv`,
          about: 'a table, in one line; the password is read from PGPASSWORD',
        },
      ],
    },
  ]
}

interface Database {
  readonly host: string
  readonly port: string
  readonly name: string
  readonly user: string
  readonly password: string
  readonly tls: string
}

function readUrl(text: string): Database {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === '')
    throw new Error('DATABASE_URL is not of the form postgres://user:password@host:5432/database')
  const mode = url.searchParams.get('sslmode') ?? ''
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? '5432' : url.port,
    name: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(url.username) || 'postgres',
    password: decodeURIComponent(url.password),
    tls: ['disable', 'require', 'verify-ca', 'verify-full'].includes(mode) ? mode : 'auto',
  }
}

function adHocRequest({ host, port, name, user, password, tls }: Database): unknown {
  return {
    specversion: '1.0',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/demo',
    id: 'million-rows',
    data: {
      source: {
        connector: 'postgres',
        config: { host, port: Number(port), database: name, user, tls: { mode: tls } },
        ...(password !== '' && { credentials: { password } }),
        query:
          "SELECT g AS id, md5(g::text) AS token, g % 97 = 0 AS rare, round(g / 7.0, 4) AS amount, timestamptz '2026-01-01' + g * interval '1 second' AS at FROM generate_series(1, :rows::int) AS g",
      },
      parameters: { rows: 1_000_000 },
      output: { format: 'csv', compression: 'zstd', fileName: 'million.csv.zst' },
      context: { demo: true },
    },
  }
}

function withoutPassword({ host, port, name, user }: Database): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `postgres://${encodeURIComponent(user)}@${address}:${port}/${encodeURIComponent(name)}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
