/** Applications that are changed over the API: planned, applied by the hash of the plan, taken back; by whom may. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Bundle } from '@bulkhead/contract'
import { makeBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { writeShop } from '../applications/applications.test-support.ts'
import { serveApi } from './api.test-support.ts'

async function bundle(t: TestContext, name: string, description: string): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-change-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeShop(folder, name, description)
  return await makeBundle(await readApplication(folder, { variables: {} }))
}

interface Planned {
  readonly hash: string
  readonly applications: readonly { readonly application: string; readonly action: string }[]
}

test('a change is planned, applied by the hash of its plan, and taken back; a stale plan is refused', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('apply:new-shop')
  const change = async (path: string, body: object) =>
    await api.call('POST', `/api/v1/changes${path}`, { headers, body })
  const one = { bundles: [await bundle(t, 'new-shop', 'one')] }
  const two = { bundles: [await bundle(t, 'new-shop', 'two')] }
  const planOf = async (body: object): Promise<Planned> =>
    (await change('/plan', body)).json as unknown as Planned

  const first = await planOf(one)
  assert.deepEqual(
    first.applications.map(({ application, action }) => `${application} ${action}`),
    ['new-shop add'],
  )
  assert.equal(api.applications.get('new-shop'), undefined)
  assert.equal((await change('', { ...one, planHash: first.hash })).status, 200)
  assert.equal(api.applications.get('new-shop')?.application.manifest.spec.description, 'one')
  // the plan was to add it; and the hash is of that change alone
  for (const body of [one, two]) {
    const stale = await change('', { ...body, planHash: first.hash })
    assert.equal(`${stale.status} ${String(stale.json['code'])}`, '409 plan-stale')
  }
  const second = await planOf(two)
  assert.equal(second.applications[0]?.action, 'change')
  assert.equal(second.hash, (await planOf(two)).hash)
  const applied = await change('', { ...two, planHash: second.hash })
  assert.deepEqual(applied.json['items'], [
    { application: 'new-shop', is: 'applied', number: 2, revision: two.bundles[0]?.digest },
  ])

  const revisions = '/api/v1/applications/new-shop/revisions'
  const back = await api.call('POST', `${revisions}/1/current`, { headers })
  assert.equal(`${back.status} ${String(back.json['is'])}`, '200 applied')
  assert.equal(api.applications.get('new-shop')?.application.manifest.spec.description, 'one')
  const unknown = await api.call('POST', `${revisions}/9/current`, { headers })
  assert.equal(`${unknown.status} ${String(unknown.json['code'])}`, '404 revision-unknown')
})

test('a change is whole: of one that does not validate nothing is applied', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('admin')
  const good = await bundle(t, 'good-shop', 'one')
  const { files, ...rest } = await bundle(t, 'bad-shop', 'one')
  const call = async (bundles: readonly object[], path = '') =>
    await api.call('POST', `/api/v1/changes${path}`, { headers, body: { bundles } })
  const bad = { ...rest, files: { ...files, 'application.yaml': '' } }
  assert.equal((await call([good, bad])).status, 422, api.logLines.join('\n'))
  const { json } = await call([good, bad], '/plan')
  assert.deepEqual(
    (json as unknown as Planned).applications.map(({ application, action }) => `${application} ${action}`),
    ['bad-shop set-aside', 'good-shop add'],
  )
  assert.equal((await call([good, good])).json['code'], 'call-invalid')
  assert.equal((await call([{ ...good, application: '../escape' }])).status, 422)
  assert.equal(api.applications.get('good-shop'), undefined)
  assert.equal((await call([good])).status, 200)
})

test('who may not change every application of a change, changes and sees none of it', async (t) => {
  const api = await serveApi(t)
  const bundles = [await bundle(t, 'own-shop', 'one'), await bundle(t, 'their-shop', 'one')]
  for (const scope of ['apply:own-shop', 'run:*', 'read:*'])
    for (const path of ['', '/plan']) {
      const headers = await api.token(scope)
      const refused = await api.call('POST', `/api/v1/changes${path}`, { headers, body: { bundles } })
      assert.equal(`${refused.status} ${String(refused.json['code'])}`, '403 scope-missing', scope)
    }
  assert.equal(api.applications.get('own-shop'), undefined)
})

test('a change removes, too; who may not remove one of it removes and brings nothing, and a removal twice is one', async (t) => {
  const api = await serveApi(t)
  const admin = await api.token('admin')
  const headers = await api.token('apply:first-shop', 'apply:second-shop')
  const change = async (body: object, caller = headers, path = '') =>
    await api.call('POST', `/api/v1/changes${path}`, { headers: caller, body })
  const first = await bundle(t, 'first-shop', 'one')
  const second = await bundle(t, 'second-shop', 'one')
  assert.equal((await change({ bundles: [first, second] })).status, 200)
  const refused = await change({ bundles: [first], remove: ['their-shop'] })
  assert.equal(`${refused.status} ${String(refused.json['code'])}`, '403 scope-missing')
  const unknown = await change({ remove: ['their-shop'] }, admin)
  assert.equal(`${unknown.status} ${String(unknown.json['code'])}`, '404 application-unknown')
  for (const body of [
    {},
    { remove: ['first-shop', 'first-shop'] },
    { bundles: [first], remove: ['first-shop'] },
  ])
    assert.equal((await change(body)).json['code'], 'call-invalid', JSON.stringify(body))
  const { hash, applications } = (await change({ remove: ['first-shop'] }, headers, '/plan'))
    .json as unknown as Planned
  assert.equal(applications[0]?.action, 'remove')
  const removed = { application: 'first-shop', number: 1, revision: first.digest }
  const once = await change({ remove: ['first-shop'], planHash: hash })
  assert.deepEqual(once.json['items'], [{ ...removed, is: 'removed' }])
  const twice = await change({ remove: ['first-shop'] })
  assert.deepEqual(twice.json['items'], [{ ...removed, is: 'unchanged' }])
  assert.equal(api.applications.get('first-shop'), undefined)
  assert.ok(api.applications.get('second-shop'))
})
