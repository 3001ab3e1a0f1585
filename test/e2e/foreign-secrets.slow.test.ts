/**
 * A secret belongs to one application: another that names it, a request that names it, and sealed credentials that would take it
 * elsewhere get an error, and nothing of it arrives where they listen. I6, I7, D13.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReplyData } from '@bulkhead/contract'
import { createKey } from '@bulkhead/engine/keys/private-keys'
import { sealCredentials } from '@bulkhead/engine/keys/seal-credentials'
import { startFakeVault } from '../../packages/engine/src/secrets/fake-vault.test-support.ts'
import { writeApplication } from '../support/application-folder.ts'
import { secretSearch } from '../support/secret-search.ts'
import { temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`
/** One with each provider, and one that requests bring. */
const secrets = {
  variable: canary('variable'),
  file: canary('file'),
  vault: canary('vault'),
  sealed: canary('sealed'),
}
const kept = ['variable', 'file', 'vault'] as const
/** Names by which somebody might hope to reach what is not theirs. */
const tricks = kept.flatMap((name) => [
  `../owner/${name}`,
  `owner/${name}`,
  `..%2fowner%2f${name}`,
  `owner__${name}`,
  `owner--${name}`,
  `x/../../owner/${name}`,
  name.toUpperCase(),
])

/** Answers whatever it is sent with a row, and remembers it. */
async function listen(t: TestContext) {
  const heard: Buffer[] = []
  let calls = 0
  const server = createServer((socket) => {
    calls += 1
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      heard.push(bytes)
      const body = '[{"n":1}]'
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
      socket.end(head + body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    heard: () => Buffer.concat(heard),
    calls: () => calls,
  }
}

const read = { path: 'rows' }
const bearer = (url: string, token: unknown) => ({ baseUrl: url, auth: { type: 'bearer', token } })

function application(connections: Readonly<Record<string, unknown>>) {
  const jobs = Object.keys(connections).map((connection) => [
    connection,
    { source: { connection, query: read }, output: { format: 'jsonl' } },
  ])
  return {
    connections: Object.fromEntries(
      Object.entries(connections).map(([name, config]) => [name, { connector: 'http', config }]),
    ),
    jobs: Object.fromEntries(jobs) as Readonly<Record<string, unknown>>,
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    policy: { adHoc: { connectors: ['http'], plainCredentials: 'allow' } },
  }
}

async function startWorld(t: TestContext) {
  const folder = temporaryFolder(t)
  const [own, elsewhere] = [await listen(t), await listen(t)]
  const vault = await startFakeVault()
  t.after(() => vault[Symbol.asyncDispose]())
  vault.secrets.set('bulkhead/owner/vault', { value: secrets.vault })
  const files = join(folder, 'secrets')
  mkdirSync(join(files, 'owner'), { recursive: true })
  mkdirSync(join(files, 'thief'))
  writeFileSync(join(files, 'owner/file'), secrets.file)
  symlinkSync('../owner/file', join(files, 'thief/link'))
  symlinkSync('owner', join(files, 'alias'))
  const apps = join(folder, 'apps')
  const perName = (names: readonly string[], url: string) =>
    Object.fromEntries(names.map((name) => [name, bearer(url, { secret: name })]))
  await writeApplication(join(apps, 'owner'), 'owner', application(perName(kept, own.url)))
  await writeApplication(join(apps, 'thief'), 'thief', application(perName([...kept, 'link'], elsewhere.url)))
  await writeApplication(join(apps, 'alias'), 'alias', application(perName(['file'], elsewhere.url)))
  for (const [index, trick] of tricks.entries())
    await writeApplication(
      join(apps, `trick-${index}`),
      `trick-${index}`,
      application({ only: bearer(elsewhere.url, { secret: trick }) }),
    )
  const providers = [
    { environment: {} },
    { folder: { path: files } },
    { vault: { address: vault.address, token: { env: 'VAULT_TOKEN' } } },
  ]
  const { url } = await startServer(t, apps, {
    folder,
    environment: {
      BULKHEAD_ALLOW_LOOPBACK: '1',
      BULKHEAD_PLATFORM__SECRETS__PROVIDERS: JSON.stringify(providers),
      BULKHEAD_SECRET__OWNER__VARIABLE: secrets.variable,
      VAULT_TOKEN: vault.rootToken,
    },
  })
  let requests = 0

  /** How it was answered: `completed`, or a code. */
  async function ask(name: string, request: object): Promise<string> {
    const answer = await fetch(`${url}/api/v1/applications/${name}/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ requestId: `r-${++requests}`, ...request }),
    })
    const body = (await answer.json()) as { readonly runId: string; readonly code?: string }
    if (answer.status !== 202) return body.code ?? String(answer.status)
    const reply = await until(`the answer of ${name}`, async () => {
      const shown = await fetch(`${url}/api/v1/runs/${body.runId}`)
      return ((await shown.json()) as { readonly reply?: ReplyData }).reply
    })
    return reply.error?.code ?? reply.status
  }

  const { key } = await createKey(join(folder, 'state/bulkhead'), 'owner', 'ECDH-ES+A256KW', Date.now())
  return {
    own,
    elsewhere,
    ask,
    seal: (requestId: string, fields: Readonly<Record<string, unknown>>) =>
      sealCredentials(fields, key, { application: 'owner', requestId, expiresMs: Date.now() + 600_000 }),
  }
}

test('a secret of an application reaches nobody else, whatever another, a request or sealed credentials say', async (t) => {
  const { own, elsewhere, ask, seal } = await startWorld(t)

  await t.test('its own application uses it, and the search would find it', async () => {
    for (const job of kept) assert.equal(await ask('owner', { job }), 'completed', job)
    const search = secretSearch(secrets)
    search.text(own.heard(), 'what was heard')
    const found = new Set(search.findings.map((finding) => finding.split(' ')[0]))
    assert.deepEqual(found, new Set(kept))
  })

  await t.test('another application that names it, at every provider', async () => {
    for (const job of kept) assert.match(await ask('thief', { job }), /^secret-/, job)
    assert.equal(await ask('thief', { job: 'link' }), 'secret-unreadable')
    assert.equal(await ask('alias', { job: 'file' }), 'secret-unreadable')
    for (const [index, trick] of tricks.entries())
      assert.match(
        await ask(`trick-${index}`, { job: 'only' }),
        /^(application-unknown|connection-config-invalid)$/,
        trick,
      )
  })

  await t.test('a request that names it', async () => {
    const source = { connector: 'http', query: read }
    for (const name of [...kept, ...tricks])
      for (const application of ['owner', 'thief']) {
        const token = { secret: name }
        const requests = [
          { source: { ...source, config: bearer(elsewhere.url, token) } },
          { source: { ...source, config: bearer(elsewhere.url, 'x'), credentials: { auth: { token } } } },
          { job: 'variable', parameters: { token } },
        ]
        for (const request of requests)
          assert.match(await ask(application, request), /^(secret-reference-refused|parameter-unknown)$/)
      }
  })

  await t.test('sealed credentials that would go to another host', async () => {
    const withPrototype: Readonly<Record<string, unknown>> = Object.fromEntries([
      ['__proto__', { baseUrl: elsewhere.url }],
      ['auth', { token: secrets.sealed }],
    ])
    const attempts: readonly Readonly<Record<string, unknown>>[] = [
      { baseUrl: elsewhere.url, auth: { token: secrets.sealed } },
      { auth: { token: secrets.sealed, type: 'oauth2', endpoint: elsewhere.url, clientId: 'x' } },
      { auth: { token: { secret: 'variable' } }, baseUrl: elsewhere.url },
      withPrototype,
    ]
    for (const [index, fields] of attempts.entries()) {
      const requestId = `sealed-${index}`
      const source = {
        connector: 'http',
        query: read,
        config: { baseUrl: own.url, auth: { type: 'bearer' } },
        credentials: { jwe: await seal(requestId, fields) },
      }
      assert.match(
        await ask('owner', { requestId, source }),
        /^(credentials-invalid|secret-reference-refused)$/,
        String(index),
      )
    }
  })

  const search = secretSearch(secrets)
  search.text(elsewhere.heard(), 'what was heard elsewhere')
  assert.deepEqual(search.findings, [])
  assert.equal(elsewhere.calls(), 0, elsewhere.heard().toString())
})
