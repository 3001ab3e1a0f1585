/**
 * A whole server, with its runners: credentials of requests pass through it, and are looked for in its memory, its
 * files, its log, its answers, and in what its processes show of themselves. I6, D13.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKey } from '@bulkhead/engine/keys/private-keys'
import { sealCredentials } from '@bulkhead/engine/keys/seal-credentials'
import { writeApplication } from '../support/application-folder.ts'
import { type SecretSearch, secretSearch, watchProcesses } from '../support/secret-search.ts'
import { checkout, temporaryFolder } from './command.ts'

/** Of plain letters, as a picture of a memory shows them. */
const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`
const secrets = { plain: canary('plain'), refused: canary('refused'), sealed: canary('sealed') }
const patienceMs = 60_000

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    assert.ok(performance.now() < end, `${what} did not come`)
    await sleep(50)
  }
}

interface StartedServer {
  readonly child: ChildProcess
  readonly url: string
  readonly output: () => string
}

async function startServer(t: TestContext, folder: string): Promise<StartedServer> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bulkhead/source',
      '--heapsnapshot-signal=SIGUSR2',
      join(checkout, 'apps/cli/src/main.ts'),
      'up',
      '--apps',
      join(folder, 'apps'),
    ],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        XDG_STATE_HOME: join(folder, 'state'),
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_PLATFORM__AUTH__TOKENS: 'off',
        BULKHEAD_PLATFORM__HTTP__PORT: '0',
        BULKHEAD_PLATFORM__FILES__PORT: '0',
      },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += String(bytes)))
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const url = await until('The server', () => /"url":"(http:[^"]+)"/.exec(output)?.[1])
  return { child, url, output: () => output }
}

async function send(url: string, request: object, search: SecretSearch): Promise<number> {
  const answer = await fetch(`${url}/api/v1/applications/shop/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  search.text(await answer.text(), 'the answer')
  return answer.status
}

test('credentials of requests leave no trace in a server and what it starts', async (t) => {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state/bulkhead')
  for (const name of ['state', 'replies']) mkdirSync(join(folder, name))
  await writeApplication(join(folder, 'apps/shop'), 'shop', {
    stores: { out: { connector: 'files', config: { folder: join(folder, 'out'), createFolder: true } } },
    policy: { adHoc: { connectors: ['postgres'], plainCredentials: 'allow' } },
    replies: { kept: { file: { folder: join(folder, 'replies') } } },
  })
  const { key } = await createKey(state, 'shop', 'ECDH-ES+A256KW', Date.now())
  const search = secretSearch(secrets)
  const { child, url, output } = await startServer(t, folder)
  const watch = watchProcesses(child.pid ?? 0, search)

  // nobody listens there: the runner has opened the credentials when it says so
  const config = { host: '127.0.0.1', port: 1, database: 'd', user: 'u', tls: { mode: 'disable' } }
  const source = { connector: 'postgres', config, query: 'SELECT 1' }
  const bound = { application: 'shop', requestId: 'sealed', expiresMs: Date.now() + 600_000 }
  const jwe = await sealCredentials({ password: secrets.sealed }, key, bound)
  const ask = (requestId: string, credentials: object): Promise<number> =>
    send(url, { requestId, source: { ...source, credentials } }, search)
  assert.equal(await ask('plain', { password: secrets.plain }), 202)
  assert.equal(await ask('sealed', { jwe }), 202)
  assert.equal(await ask('refused', { password: secrets.refused, host: 'x' }), 422)
  const replies = await until('The replies', () => {
    const files = readdirSync(join(folder, 'replies')).filter((name) => name.endsWith('-failed.json'))
    return files.length === 3 ? files : undefined
  })
  assert.equal(replies.length, 3)

  child.kill('SIGUSR2')
  const snapshot = await until('The picture of the memory', () =>
    readdirSync(folder).find((name) => name.endsWith('.heapsnapshot')),
  )
  assert.ok(snapshot)
  // it is answered when the picture is complete
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
  const children = watch.stop()
  child.kill('SIGTERM')
  await once(child, 'exit')
  search.text(output(), 'the log')
  search.files(folder, [])
  assert.ok(children > 0, 'no runner was seen')
  assert.ok(search.searched > 20)
  assert.deepEqual(search.findings, [])
  const answers = replies.map((name) => readReply(folder, name)).toSorted()
  assert.deepEqual(answers, [
    'plain postgres-unreachable',
    'refused request-invalid',
    'sealed postgres-unreachable',
  ])
})

function readReply(folder: string, name: string): string {
  const { data } = JSON.parse(readFileSync(join(folder, 'replies', name), 'utf8')) as {
    readonly data: { readonly requestId: string; readonly error: { readonly code: string } }
  }
  return `${data.requestId} ${data.error.code}`
}
