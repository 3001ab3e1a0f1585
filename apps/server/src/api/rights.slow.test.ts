/** Every endpoint with every scope: who may, and what those who may not are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointName, endpoints } from '@bulkhead/contract'
import { application, fileName, job, other, serveApi } from './api.test-support.ts'

const scopes = [
  'metrics',
  `read:${application}`,
  `run:${application}`,
  `read:${other}`,
  `run:${other}`,
  `apply:${application}`,
  `apply:${other}`,
  'read:*',
  'run:*',
  'admin',
] as const
type Scope = (typeof scopes)[number]

const everyone: readonly Scope[] = scopes
const admin: readonly Scope[] = ['admin']
const runs: readonly Scope[] = [`run:${application}`, 'run:*', 'admin']
const applies: readonly Scope[] = [`apply:${application}`, 'admin']
const reads: readonly Scope[] = [`read:${application}`, 'read:*', ...applies, ...runs]
const readsAll: readonly Scope[] = ['read:*', 'run:*', 'admin']

/** Written down, and not made from the table of endpoints: that one is what is tested. */
const allowed: Readonly<Record<EndpointName, readonly Scope[] | 'public'>> = {
  startJobRun: runs,
  startRun: runs,
  takeEvents: runs,
  listApplications: everyone,
  showApplication: reads,
  listRevisions: reads,
  showHistory: reads,
  makeRevisionCurrent: applies,
  // for each application that they bring
  planChange: everyone,
  applyChange: everyone,
  listEngines: everyone,
  planRollout: admin,
  rollOut: admin,
  checkApplication: runs,
  preview: runs,
  showKeys: 'public',
  listApplicationRuns: reads,
  listRuns: readsAll,
  showRun: reads,
  listRunEvents: reads,
  showRunLog: reads,
  watchRun: reads,
  cancelRun: runs,
  retryRun: runs,
  makeLinks: reads,
  fetchFile: reads,
  listReplies: everyone,
  resendReplies: runs,
  listTokens: admin,
  createToken: admin,
  revokeToken: admin,
  showOpenApi: 'public',
  healthLive: 'public',
  healthReady: 'public',
  healthStartup: 'public',
  // without a token from this very machine
  showMetrics: ['metrics', 'admin'],
}

test('every endpoint lets in exactly those whose scope allows it', async (t) => {
  const api = await serveApi(t)
  const run = await api.finishedRun('completed')
  const tokens = new Map<Scope, Record<string, string>>()
  for (const scope of scopes) tokens.set(scope, await api.token(scope))
  let looked = 0
  for (const [name, endpoint] of Object.entries(endpoints) as [EndpointName, Endpoint][]) {
    const path = pathOf(endpoint, run.runId)
    const mayDo = allowed[name]
    const call = (headers: Record<string, string> = {}) =>
      api.call(endpoint.method, path, { headers, ...(endpoint.body?.required === true && { body: {} }) })

    const stranger = await call()
    const unknown = await call({ Authorization: `Bearer bh_0123456789abcdef_${'A'.repeat(43)}` })
    if (mayDo === 'public') {
      assert.ok(stranger.status < 400, `${name} answers ${stranger.status} without a token`)
      continue
    }
    if (name !== 'showMetrics') assert.equal(stranger.status, 401, name)
    assert.equal(unknown.status, 401, name)
    assert.ok(unknown.headers.has('www-authenticate'))

    for (const scope of scopes) {
      looked++
      const { status, json } = await call(tokens.get(scope))
      const what = `${name} with ${scope}: ${status} ${String(json['code'])}`
      if (mayDo.includes(scope))
        assert.ok(status !== 401 && status !== 403 && json['code'] !== 'run-unknown', what)
      // a run that somebody may not see is not there for them; one that they see, and may not touch, is refused
      else if ('runId' in endpoint.params.shape && !reads.includes(scope))
        assert.equal(json['code'], 'run-unknown', what)
      else assert.equal(json['code'], 'scope-missing', what)
    }
  }
  assert.equal(looked, scopes.length * Object.values(allowed).filter((mayDo) => mayDo !== 'public').length)
})

test('metrics are for this machine, and for nobody who comes through a proxy on it', async (t) => {
  const api = await serveApi(t)
  assert.equal((await api.call('GET', '/metrics')).status, 200)
  for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP'])
    assert.equal(
      (await api.call('GET', '/metrics', { headers: { [header]: '127.0.0.1' } })).status,
      401,
      header,
    )
})

test('where tokens are off, a program of this machine may do everything and a web page nothing', async (t) => {
  const api = await serveApi(t, { tokens: 'off' })
  const path = `/api/v1/applications/${application}/jobs/${job}/runs`
  const body = { parameters: { airport: 'SEA' } }
  assert.equal((await api.call('POST', path, { body })).status, 202)
  const { host } = new URL(api.url)
  assert.equal((await api.call('GET', '/api/v1/runs', { headers: { Origin: `http://${host}` } })).status, 200)
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ]) {
    const page = await api.call('POST', path, { headers, body })
    assert.equal(page.status, 403, JSON.stringify(headers))
    assert.equal(page.json['code'], 'page-refused')
  }
  // a name of the page's own that points to this machine
  const rebound = await api.raw(
    `GET /api/v1/runs HTTP/1.1\r\nHost: evil.example:${new URL(api.url).port}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(rebound, /^HTTP\/1\.1 403 /)
  assert.match(rebound, /page-refused/)
})

function pathOf({ path }: Endpoint, runId: string): string {
  const values: Readonly<Record<string, string>> = {
    application,
    job,
    runId,
    name: fileName,
    id: '0123456789abcdef',
    number: '1',
  }
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}
