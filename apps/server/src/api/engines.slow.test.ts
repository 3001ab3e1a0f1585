/** Engines over the API: who sees what of them, and putting applications on one and back. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { application, other, serveApi } from './api.test-support.ts'

/** One that says what it is, and one that does not. */
async function engines(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-engines-'))
  t.after(() => rm(folder, { recursive: true }))
  const said = { engine: 'bulkhead-runner', version: '1.1.0', protocols: [1], bundles: [1] }
  const statement = JSON.stringify({ ...said, manifests: ['bulkhead.dev/v1beta1'] })
  for (const [name, code] of [
    ['next', `console.log(${JSON.stringify(statement)})`],
    ['broken', 'process.exit(3)'],
  ] as const) {
    await mkdir(join(folder, name))
    const exports = { './connected': { default: './main.js' } }
    const manifest = { name: '@bulkhead/runner', version: '1.1.0', exports }
    await writeFile(join(folder, name, 'package.json'), JSON.stringify(manifest))
    await writeFile(join(folder, name, 'main.js'), code)
  }
  return folder
}

interface List {
  readonly items: readonly { readonly name: string; readonly applications: readonly string[] }[]
}

test('applications are put on an engine by the hash of its plan, and all that are on it are taken back', async (t) => {
  const api = await serveApi(t, { engines: await engines(t) })
  const headers = await api.token('admin')
  const call = (path: string, body: object) => api.call('POST', `/api/v1/rollouts${path}`, { headers, body })
  const wanted = { engine: 'next', applications: [application, other] }
  const plan = await call('/plan', wanted)
  const { applications, hash } = plan.json as {
    readonly applications: readonly { readonly application: string; readonly changes: readonly object[] }[]
    readonly hash: string
  }
  assert.deepEqual(
    applications.map((one) => `${one.application} ${one.changes.length}`),
    [other, application].map((name) => `${name} 1`),
  )
  const more = await call('', { engine: 'next', planHash: hash })
  assert.equal(`${more.status} ${String(more.json['code'])}`, '409 plan-stale')
  assert.equal((await call('', { ...wanted, planHash: hash })).status, 200)
  assert.equal(api.applications.head(application)?.engine, 'next')
  assert.deepEqual((await call('', { engine: 'next', applications: [application] })).json['items'], [
    { application, is: 'unchanged', engine: 'next' },
  ])
  const shown = await api.call('GET', `/api/v1/applications/${application}`, { headers })
  assert.equal(shown.json['engine'], 'next')

  const seen = async (scope: string): Promise<readonly string[]> => {
    const { json } = await api.call('GET', '/api/v1/engines', { headers: await api.token(scope) })
    const next = (json as unknown as List).items.find(({ name }) => name === 'next')
    return next?.applications ?? []
  }
  assert.deepEqual(await seen('admin'), [other, application])
  assert.deepEqual(await seen(`read:${other}`), [other])
  assert.deepEqual(await seen('metrics'), [])

  const back = await call('', { engine: 'built-in', from: 'next' })
  assert.deepEqual(
    (back.json['items'] as { readonly application: string; readonly is: string }[])
      .map((one) => `${one.application} ${one.is}`)
      .toSorted(),
    [`${other} moved`, `${application} moved`],
  )
  const again = await call('', { engine: 'built-in', from: 'next' })
  assert.deepEqual(again.json['items'], [], again.text)
})

test('what is not there, cannot be used, or is no name is refused, and nothing moves', async (t) => {
  const api = await serveApi(t, { engines: await engines(t) })
  const headers = await api.token('admin')
  for (const [body, answer] of [
    [{ engine: 'nowhere', applications: [application] }, '404 engine-unknown'],
    [{ engine: 'broken', applications: [application] }, '409 engine-unusable'],
    [{ engine: 'next', applications: [application, 'nobody'] }, '404 application-unknown'],
    [{ engine: '../next', applications: [application] }, '400 call-invalid'],
    [{ engine: 'next', applications: [] }, '400 call-invalid'],
    [{}, '400 call-invalid'],
  ] as const)
    for (const path of ['', '/plan']) {
      const { status, json } = await api.call('POST', `/api/v1/rollouts${path}`, { headers, body })
      assert.equal(`${status} ${String(json['code'])}`, answer, JSON.stringify(body))
    }
  assert.equal(api.applications.head(application)?.engine, undefined)
})
