/** What a person asks a server by the command line: a server as it is started, and the verbs that call it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulkhead, checkout, json, startBulkhead, type Started } from './command.ts'

interface Run {
  readonly runId: string
  readonly state: string
}

let server: Started | undefined
let url = ''
let tokenFile = ''
/** Its log so far. */
let told = ''
const application = join(checkout, 'examples/flights')

before(async () => {
  server = startBulkhead(['up', '--apps', application], {
    environment: { BULKHEAD_PLATFORM__HTTP__PORT: '0', BULKHEAD_PLATFORM__FILES__PORT: '0' },
  })
  server.child.stderr?.on('data', (part: Buffer) => void (told += part.toString()))
  const ready = await logLine('Ready')
  url = String(ready['url'])
  tokenFile = String((await logLine('A token for the administrator was made'))['file'])
})
after(async () => {
  server?.child.kill('SIGTERM')
  assert.equal((await server?.ended)?.code, 143)
})

/** A verb with the server of this file. */
const ask = (...args: readonly string[]) => bulkhead(args, { environment: { BULKHEAD_SERVER: url } })

async function start(requestId: string): Promise<string> {
  const token = readFileSync(tokenFile, 'utf8').trim()
  const response = await fetch(`${url}/api/v1/applications/flights/jobs/departures/runs`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': requestId,
    },
    body: JSON.stringify({ parameters: { airport: 'SEA' } }),
  })
  assert.equal(response.status, 202)
  return ((await response.json()) as Run).runId
}

test('the token of the first start lies in a file of its owner alone, and works without being named', async () => {
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600)
  const tokens = json<{ items: { name: string }[] }>(await ask('tokens', 'list', '--json'))
  assert.deepEqual(
    tokens.items.map(({ name }) => name),
    ['first-admin'],
  )
})

test('a run is watched to its end, listed, shown with its history, and its log is printed', async () => {
  const runId = await start('watched')
  const watched = await ask('runs', 'watch', runId)
  assert.equal(watched.code, 0, watched.stderr)
  assert.match(watched.stdout, /state +completed/)
  assert.match(watched.stderr, /accepted/)
  const [listed, table, shown, logs, replies, resent, cancelled, retried] = await Promise.all([
    ask('runs', 'list', '--application', 'flights', '--state', 'completed', '--json'),
    ask('runs', 'list'),
    ask('runs', 'show', runId, '--json'),
    ask('runs', 'logs', runId),
    ask('replies', 'list', '--run', runId),
    ask('replies', 'resend', runId),
    ask('runs', 'cancel', runId),
    ask('runs', 'retry', runId),
  ])
  assert.ok(json<{ items: Run[] }>(listed).items.some((run) => run.runId === runId))
  assert.match(table.stdout, new RegExp(`${runId} +flights +departures +completed`))
  const { events } = json<{ events: { type: string }[] }>(shown)
  assert.deepEqual([events[0]?.type, events.at(-1)?.type], ['accepted', 'finished'])
  for (const { code, stderr } of [logs, replies, resent]) assert.equal(code, 0, stderr)
  assert.equal(cancelled.code, 2)
  assert.match(cancelled.stderr, /run-over/)
  assert.match(retried.stderr, /run-not-retryable/)
})

test('a run is cancelled, tells so when it is watched, and is tried again', async () => {
  const runId = await start('cancelled')
  assert.equal((await ask('runs', 'cancel', runId, '--reason', 'a test')).code, 0)
  const watched = await ask('runs', 'watch', runId, '--json')
  // it may have been over before the command came
  if (json<Run>(watched).state === 'completed') return
  assert.equal(json<Run>(watched).state, 'cancelled')
  assert.equal(watched.code, 5)
  const again = json<{ runId: string; attempt: number }>(await ask('runs', 'retry', runId, '--json'))
  assert.equal(again.attempt, 2)
  assert.equal((await ask('runs', 'watch', again.runId)).code, 0)
})

test('a token does what its scopes say, until it is revoked', async () => {
  const made = json<{ id: string; token: string }>(
    await ask('tokens', 'create', 'portal', '--scope', 'read:flights', '--expires', 'P1D', '--json'),
  )
  const own = { BULKHEAD_SERVER: url, BULKHEAD_TOKEN: made.token }
  const reads = ['runs', 'list', '--application', 'flights']
  assert.equal((await bulkhead(reads, { environment: own })).code, 0)
  const refused = await bulkhead(['tokens', 'list'], { environment: own })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /scope-missing/)
  assert.equal((await ask('tokens', 'revoke', made.id)).code, 0)
  const revoked = await bulkhead(reads, { environment: own })
  assert.match(revoked.stderr, /token-refused/)
  const wrong = await ask('tokens', 'create', 'portal', '--scope', 'write:flights')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /body\.scopes\[0\]/)
})

test('who is not there, or is no server of ours, is told apart', async () => {
  const at = (address: string) => bulkhead(['runs', 'list', '--server', address])
  const [away, other, ftp, nonsense, secret] = await Promise.all([
    at('http://127.0.0.1:1'),
    at(`${url}/elsewhere`),
    at('ftp://127.0.0.1'),
    at('nonsense'),
    at('http://user:hunter2@127.0.0.1:1'),
  ])
  assert.equal(away.code, 3)
  assert.match(away.stderr, /server-unreachable/)
  assert.notEqual(other.code, 0)
  for (const { stderr } of [ftp, nonsense]) assert.match(stderr, /usage/)
  assert.match(secret.stderr, /url-credentials-refused/)
  assert.ok(!secret.stderr.includes('hunter2'))
})

test('"not now" is exit code 75 and says when to come again, whoever says it', async (t) => {
  const problem = { type: 'd', title: 'Too many', status: 429, code: 'too-many-requests', kind: 'quota' }
  const answers = [JSON.stringify({ ...problem, message: 'Too many', retryable: true }), '<h1>Too many</h1>']
  const proxy = createServer((_request, response) => {
    response.writeHead(429, { 'Retry-After': '7' }).end(answers.shift())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  for (let said = 0; said < 2; said++) {
    const { code, stderr } = await bulkhead(['runs', 'list', '--server', address])
    assert.equal(code, 75, stderr)
    assert.match(stderr, /too-many-requests[^]*Ask again in 7 s/)
  }
})

/** A line of the server's log, as soon as it is there. */
async function logLine(message: string): Promise<Record<string, unknown>> {
  for (const until = Date.now() + 30_000; Date.now() < until;) {
    const line = told.split('\n').find((one) => one.includes(`"${message}"`) && one.endsWith('}'))
    if (line !== undefined) return JSON.parse(line) as Record<string, unknown>
    await new Promise((wait) => setTimeout(wait, 20))
  }
  throw new Error(`The server did not say "${message}": ${told}`)
}
