/**
 * A secret goes into a run by every way there is, the run succeeds or fails in every way there is, and the
 * secret is looked for in all that came out: I6, D13. A leak that is planted proves that the search sees.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyEvent } from '@bulkhead/contract'
import { createKey } from '@bulkhead/engine/keys/private-keys'
import { sealCredentials } from '@bulkhead/engine/keys/seal-credentials'
import {
  type ApplicationSpec,
  postgresConnection,
  s3Store,
  writeApplication,
} from '../support/application-folder.ts'
import { createDatabase, createRole, execute, type TestDatabase } from '../support/postgres.ts'
import { createBucket, type TestBucket } from '../support/s3.ts'
import { type Finding, secretSearch, watchProcesses } from '../support/secret-search.ts'
import { startBulkhead, temporaryFolder } from './command.ts'

/** Hard to miss when it is escaped in a way that nobody thought of. */
function canary(name: string): string {
  return `Canary ${name} "ö/+%41\\n' ${randomBytes(9).toString('base64')}`
}

const secrets = {
  database: canary('database'),
  wrong: canary('wrong'),
  hook: canary('hook'),
  given: canary('given'),
}

interface World {
  readonly database: TestDatabase
  readonly user: string
  readonly bucket: TestBucket
  readonly hook: { readonly url: string; readonly received: Buffer[] }
}

/** Servers whose credentials are the canaries. */
async function startWorld(): Promise<World> {
  const scope = { after }
  const database = await createDatabase(scope)
  const { user } = await createRole(scope, database)
  await execute(database, `ALTER ROLE ${user} PASSWORD E'${secrets.database.replaceAll(/['\\]/g, '\\$&')}'`)
  await execute(database, `CREATE TABLE kept (secret text); GRANT ALL ON kept TO ${user}`)
  await execute(database, 'INSERT INTO kept VALUES ($1)', [secrets.database])
  return { database, user, bucket: await createBucket(scope), hook: await startHook() }
}

const world = startWorld()
world.catch(() => undefined) // each test tells

/** A receiver of webhooks that keeps all it hears, and is broken the first time. */
async function startHook(): Promise<World['hook']> {
  const received: Buffer[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      received.push(Buffer.from(JSON.stringify(request.headers)), body)
      response.writeHead(received.length === 2 ? 500 : 204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

interface Scenario {
  readonly query?: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly spec?: ApplicationSpec
  readonly job?: Readonly<Record<string, unknown>>
  readonly files?: Readonly<Record<string, string>>
  /** Instead of the job. */
  readonly request?: Readonly<Record<string, unknown>>
  /** What the request brings sealed, as JSON. */
  readonly sealed?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Sent when the run is at work. */
  readonly signal?: NodeJS.Signals
  readonly without?: 'application'
}

interface Observed {
  readonly findings: readonly Finding[]
  readonly code: number
  readonly reply: ReplyEvent | undefined
  readonly children: number
  readonly stderr: string
}

/** Runs one scenario as a process of its own, and searches everything that is there afterwards. */
async function observe(
  t: TestContext,
  scenario: Scenario,
  { database, user, bucket, hook }: World,
): Promise<Observed> {
  const place = temporaryFolder(t)
  const folder = join(place, 'application')
  const password = { secret: 'database' }
  await writeApplication(
    folder,
    'canary',
    {
      connections: { ledger: postgresConnection(database, { user, password, ...scenario.config }) },
      stores: { exports: s3Store(bucket, 's3') },
      jobs: {
        go: {
          source: { connection: 'ledger', query: scenario.query ?? 'SELECT 1 AS a' },
          retry: { attempts: 2 },
          ...scenario.job,
        },
      },
      replies: {
        folder: { file: { folder: '../replies' } },
        hook: { webhook: { url: hook.url, secret: { secret: 'hook' } } },
      },
      ...scenario.spec,
    },
    scenario.files,
  )
  for (const name of ['tmp', 'state', 'cache']) await mkdir(join(place, name))
  const request = await withSealed(scenario, join(place, 'state/bulkhead'))
  // one way in is a file, the other the environment
  await mkdir(join(place, 'secrets/canary'), { recursive: true })
  await writeFile(join(place, 'secrets/canary/hook'), `${secrets.hook}\n`)
  await writeFile(join(place, 'secrets/canary/wrong'), secrets.wrong)
  const inputs = [
    ...Object.keys(scenario.files ?? {}).map((file) => `application/${file}`),
    'application/application.yaml',
    'secrets/canary/hook',
    'secrets/canary/wrong',
  ]
  const search = secretSearch({ ...secrets, s3: bucket.secretAccessKey })
  const { child, ended } = startBulkhead(
    [
      'run',
      '--log-level=debug',
      ...(scenario.without === 'application' ? [] : ['-a', folder]),
      ...(request === undefined ? [] : ['-r', '-']),
    ],
    {
      folder: place,
      environment: {
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_SECRET__CANARY__DATABASE: secrets.database,
        BULKHEAD_SECRET__CANARY__S3: bucket.secretAccessKey,
        BULKHEAD_SECRETS_DIR: join(place, 'secrets'),
        TMPDIR: join(place, 'tmp'),
        XDG_STATE_HOME: join(place, 'state'),
        XDG_CACHE_HOME: join(place, 'cache'),
        ...scenario.environment,
      },
      ...(request !== undefined && { input: JSON.stringify(request) }),
    },
  )
  const watch = watchProcesses(child.pid ?? 0, search)
  if (scenario.signal !== undefined) {
    await untilBusy(database)
    child.kill(scenario.signal)
  }
  const { code, stdout, stderr } = await ended
  const children = watch.stop()
  search.text(stdout, 'standard output')
  search.text(stderr, 'standard error')
  for (const heard of hook.received) search.text(heard, 'the webhook')
  search.files(place, inputs)
  assert.ok(search.searched > 10)
  assert.deepEqual(
    await readdir(join(place, 'tmp')).then((names) => names.filter((name) => name !== 'bulkhead-0')),
    [],
  )
  const line = stdout.split('\n').find((text) => text.startsWith('{"specversion"'))
  const reply = line === undefined ? undefined : (JSON.parse(line) as ReplyEvent)
  return { findings: search.findings, code, reply, children, stderr }
}

/** The request, with a JWE of what the scenario seals. */
async function withSealed(
  { request, sealed, without }: Scenario,
  stateFolder: string,
): Promise<Scenario['request']> {
  if (request === undefined || sealed === undefined) return request
  const application = without === 'application' ? 'ad-hoc' : 'canary'
  const { key } = await createKey(stateFolder, application, 'ECDH-ES+A256KW', Date.now())
  const bound = { application, requestId: String(request['requestId']), expiresMs: Date.now() + 60_000 }
  const jwe = await sealCredentials(sealed, key, bound)
  return { ...request, source: { ...(request['source'] as object), credentials: { jwe } } }
}

async function untilBusy(database: TestDatabase): Promise<void> {
  for (;;) {
    const busy = await execute(
      database,
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()`,
    )
    if (busy.length > 0) return
    await sleep(20)
  }
}

const closedPort = 1 // nobody listens there

/** Ad hoc, with credentials that are sealed when it is sent. */
const sealedRequest = {
  requestId: 'r',
  source: {
    connector: 'postgres',
    config: { host: 'set below', port: 0, database: 'set below', user: 'set below', tls: {} },
    query: 'SELECT secret FROM kept WHERE false',
  },
}

/** Each with the exit code and the error that it is documented to have. */
const scenarios: Readonly<Record<string, readonly [Scenario, code: number, error: string | undefined]>> = {
  'a success': [{}, 0, undefined],
  'a wrong password': [{ config: { password: { secret: 'wrong' } } }, 2, 'postgres-password-refused'],
  'an SQL error': [{ query: 'SELECT nothing FROM nowhere' }, 2, 'postgres-query-invalid'],
  'an SQL error of a value': [{ query: 'SELECT secret::int FROM kept' }, 2, undefined],
  'an unreachable host': [{ config: { port: closedPort } }, 3, undefined],
  'a host that the network policy refuses': [
    { environment: { BULKHEAD_ALLOW_LOOPBACK: undefined } },
    2,
    'network-refused',
  ],
  'a missing bucket': [
    {
      spec: {
        stores: {
          exports: {
            connector: 's3',
            config: {
              bucket: 'bulkhead-no-such-bucket',
              endpoint: 'set below',
              forcePathStyle: true,
              accessKeyId: 'set below',
              secretAccessKey: { secret: 's3' },
            },
          },
        },
      },
    },
    2,
    undefined,
  ],
  'a map that throws it': [
    {
      query: 'SELECT secret FROM kept',
      job: { process: [{ map: 'map.ts' }] },
      files: { 'map.ts': 'export default (row) => { throw new Error(`bad: ${row.secret}`) }' },
    },
    4,
    'map-failed',
  ],
  'a map that tells it to the console, and starts a program': [
    {
      query: 'SELECT secret FROM kept',
      job: { process: [{ map: 'map.ts' }] },
      files: {
        'map.ts': `import { execFileSync } from 'node:child_process'
          export default (row) => {
            console.log('row', row)
            console.error(Buffer.from(row.secret).toString('base64'))
            execFileSync('sleep', ['0.3'])
            return { a: 1 }
          }`,
      },
    },
    0,
    undefined,
  ],
  'a map that throws it behind the back of the run': [
    {
      query: 'SELECT secret FROM kept',
      job: { process: [{ map: 'map.ts' }] },
      files: {
        'map.ts': `export default (row) => {
          setTimeout(() => { throw new Error(row.secret) })
          return new Promise(() => {})
        }`,
      },
    },
    1,
    'internal',
  ],
  'a map that cannot be loaded': [
    { job: { process: [{ map: 'map.ts' }] }, files: { 'map.ts': 'export default (' } },
    2,
    'map-invalid',
  ],
  'a cancelled run': [{ query: 'SELECT pg_sleep(30)::text AS a', signal: 'SIGTERM' }, 143, 'cancelled'],
  'a secret that is missing': [{ config: { password: { secret: 'missing' } } }, 2, 'secret-not-found'],
  'a result that is too large': [
    { query: 'SELECT generate_series(1, 10)', spec: { policy: { limits: { rows: 5 } } } },
    2,
    'result-too-large',
  ],
  'credentials in clear that are refused': [
    {
      request: {
        requestId: 'r',
        source: {
          connector: 'postgres',
          config: { host: '127.0.0.1', database: 'x', user: 'x', password: secrets.given },
          query: 'SELECT 1',
        },
      },
      spec: { policy: { adHoc: { connectors: ['postgres'] } } },
    },
    2,
    'plain-credentials-refused',
  ],
  'credentials in clear that are wrong': [
    {
      without: 'application',
      request: {
        requestId: 'r',
        source: {
          connector: 'postgres',
          config: { host: 'set below', port: 0, database: 'set below', user: 'set below' },
          credentials: { password: secrets.given },
          query: 'SELECT 1',
        },
      },
    },
    2,
    'postgres-password-refused',
  ],
  'sealed credentials that open the database': [
    {
      spec: { policy: { adHoc: { connectors: ['postgres'] } } },
      request: sealedRequest,
      sealed: { password: secrets.database },
    },
    0,
    undefined,
  ],
  'sealed credentials that are wrong': [
    { without: 'application', request: sealedRequest, sealed: { password: secrets.given } },
    2,
    'postgres-password-refused',
  ],
  'sealed credentials that hold something else': [
    {
      without: 'application',
      request: sealedRequest,
      sealed: { password: secrets.given, [secrets.given]: 'x', host: secrets.given },
    },
    2,
    'credentials-invalid',
  ],
  'sealed credentials that are no setting': [
    { without: 'application', request: sealedRequest, sealed: { password: { secret: secrets.given } } },
    2,
    'secret-reference-refused',
  ],
  'sealed credentials that another part of the settings refuses': [
    { without: 'application', request: sealedRequest, sealed: { tls: { key: secrets.given } } },
    2,
    'connection-config-invalid',
  ],
  'credentials under a wrong name': [
    {
      without: 'application',
      request: {
        requestId: 'r',
        source: {
          connector: 'postgres',
          config: { host: '127.0.0.1', database: 'x', user: 'x', pasword: secrets.given },
          credentials: { pass: secrets.given },
          query: 'SELECT 1',
        },
      },
    },
    2,
    undefined,
  ],
  'credentials of a wrong shape': [
    {
      without: 'application',
      request: {
        requestId: 'r',
        source: { connector: 'postgres', credentials: secrets.given, query: 'SELECT 1' },
      },
    },
    2,
    'request-invalid',
  ],
}

/** What is known only when the servers are there. */
function filledIn(scenario: Scenario, { database, user, bucket }: World): Scenario {
  const text = JSON.stringify(scenario)
    .replace('"endpoint":"set below"', `"endpoint":${JSON.stringify(bucket.endpoint)}`)
    .replace('"accessKeyId":"set below"', `"accessKeyId":${JSON.stringify(bucket.accessKeyId)}`)
    .replace('"host":"set below","port":0', `"host":"${database.host}","port":${database.port}`)
    .replace(
      '"database":"set below","user":"set below"',
      `"database":"${database.database}","user":"${user}"`,
    )
  return {
    ...(JSON.parse(text) as Scenario),
    ...(scenario.environment && { environment: scenario.environment }),
  }
}

for (const [name, [scenario, code, error]] of Object.entries(scenarios)) {
  test(`no secret leaves ${name}`, async (t) => {
    const servers = await world
    const observed = await observe(t, filledIn(scenario, servers), servers)
    assert.deepEqual(observed.findings, [])
    assert.equal(observed.code, code, observed.stderr)
    if (error !== undefined) assert.equal(observed.reply?.data.error?.code, error)
    assert.equal(observed.reply?.data.error === undefined, code === 0)
    assert.ok(!observed.stderr.includes('Unhandled'), observed.stderr)
    if (name.includes('starts a program')) assert.ok(observed.children > 0, 'no child was seen')
  })
}

test('a leak that is planted is found, in every place and encoding', async (t) => {
  const servers = await world
  const leaking = `import { spawnSync } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    export default (row) => {
      const secret = row.secret
      process.stderr.write(Buffer.from('x' + secret).toString('base64') + Buffer.from(secret).toString('hex'))
      process.stdout.write(JSON.stringify(secret) + '\\n')
      writeFileSync('left-behind', encodeURIComponent(secret))
      spawnSync('sleep', ['0.3'], { argv0: secret })
      spawnSync('sleep', ['0.3'], { env: { ...process.env, LEAKED: secret } })
      return { a: 1 }
    }`
  const { findings } = await observe(
    t,
    { query: 'SELECT secret FROM kept', job: { process: [{ map: 'map.ts' }] }, files: { 'map.ts': leaking } },
    servers,
  )
  for (const finding of [
    'database (base64 at 1) in standard error',
    'database (hex) in standard error',
    'database (json) in standard output',
    'database (percent) in left-behind',
    'database (plain) in cmdline of the child',
    'database (plain) in environ of the child',
  ] as const)
    assert.ok(findings.includes(finding), `${finding} is not among ${findings.join(', ')}`)
})
