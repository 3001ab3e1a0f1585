/** D3: code or an endpoint of an application prepares its runs: by the command, and on a server with the history that is kept. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, json, type StartOptions, temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'

const prepare = `import type { Prepare } from '@bulkhead/connector-sdk'
const prepare: Prepare = ({ parameters, connections, flags }) => ({
  connection: connections.at(-1),
  query: "SELECT :pin AS pin, :rows AS rows, n FROM one",
  parameters: { pin: parameters['pin'] ?? '', rows: flags['many'] === true ? 1000 : 1 },
  fileName: 'prepared',
})
export default prepare
`

const duckdb = { connector: 'duckdb', config: { folder: '.', files: { one: { path: 'one.csv' } } } }

async function application(
  t: TestContext,
  job: Readonly<Record<string, unknown>> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const spec = {
    connections: { first: duckdb, second: duckdb },
    stores: { out: { connector: 'files', config: { folder: 'out', createFolder: true } } },
    jobs: {
      go: {
        parameters: { pin: { type: 'string', default: 'hunter2-pin', secret: true } },
        prepare: './prepare.ts',
        source: { connection: 'first' },
        retry: { attempts: 1 },
        ...job,
      },
    },
    flags: { many: true },
  }
  return await writeApplication(join(temporaryFolder(t), 'app'), 'prepared', spec, {
    'prepare.ts': prepare,
    'one.csv': 'n\n1\n',
    ...files,
  })
}

async function run(
  folder: string,
  options?: StartOptions,
): Promise<{ data: ReplyEvent['data']; stderr: string }> {
  const ended = await bulkhead(['run', '-a', folder, '-j', 'go', '--log-level', 'debug'], options)
  return { data: json<ReplyEvent>(ended).data, stderr: ended.stderr }
}

test('code chooses connection, query, parameters and file name; the reply tells, but for what is secret', async (t) => {
  const { data, stderr } = await run(await application(t))
  assert.equal(data.status, 'completed', stderr)
  assert.deepEqual(data.prepared, {
    by: 'prepare.ts',
    connection: 'second',
    parameters: { pin: '[secret]', rows: 1000 },
    fileName: 'prepared',
  })
  assert.deepEqual(data.flags, { many: true })
  assert.deepEqual([data.connection, data.result?.files[0]?.name], ['second', 'prepared.csv'])
  assert.doesNotMatch(stderr + JSON.stringify(data), /hunter2/)
})

test('validate tells of code that cannot prepare without running it, and plan and preview know it', async (t) => {
  const folder = await application(t)
  assert.match(
    (await bulkhead(['plan', folder, '-j', 'go'])).stdout,
    /^Prepare +by prepare\.ts, within 30 s/m,
  )
  const shown = await bulkhead(['preview', folder, '-j', 'go'])
  assert.match(shown.stdout, /hunter2-pin +│? *1000|hunter2-pin\s+1000/)
  writeFileSync(join(folder, 'prepare.ts'), 'process.exit(7)\nexport const prepare = 1\n')
  const refused = await bulkhead(['validate', folder])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /prepare\.ts has no default export/)
})

test('an endpoint is held by the network policy, and by its form', async (t) => {
  const server = createServer(
    (_, response) => void response.end('{"query":"SELECT 1 AS one","parameters":{}}'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  let connections = 0
  server.on('connection', () => connections++)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prepare`
  const folder = await application(t, { prepare: { url } })
  const refused = await run(folder)
  assert.deepEqual([refused.data.error?.code, connections], ['network-refused', 0], refused.stderr)
  const { data, stderr } = await run(folder, { environment: { BULKHEAD_ALLOW_LOOPBACK: '1' } })
  assert.equal(data.status, 'completed', stderr)
  assert.deepEqual([data.prepared?.by, connections], [url, 1])
})

test('a server keeps what was prepared in the history of the run, with its query', async (t) => {
  const folder = await application(t)
  const { url, told } = await startServer(t, folder)
  const response = await fetch(`${url}/api/v1/applications/prepared/jobs/go/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'r1' },
    body: '{}',
  })
  const { runId } = (await response.json()) as { readonly runId: string }
  const ask = (...args: readonly string[]) => bulkhead(args, { environment: { BULKHEAD_SERVER: url } })
  assert.equal((await ask('runs', 'watch', runId)).code, 0, told())
  const shown = await ask('runs', 'show', runId, '--json')
  const { events } = json<{ readonly events: readonly { readonly type: string; readonly data: object }[] }>(
    shown,
  )
  assert.deepEqual(events.find(({ type }) => type === 'prepared')?.data, {
    by: 'prepare.ts',
    connection: 'second',
    parameters: { pin: '[secret]', rows: 1000 },
    fileName: 'prepared',
    query: 'SELECT :pin AS pin, :rows AS rows, n FROM one',
  })
  assert.match((await ask('runs', 'show', runId)).stdout, /prepared +by prepare\.ts, from second/)
  assert.doesNotMatch(shown.stdout + told(), /hunter2/)
})
