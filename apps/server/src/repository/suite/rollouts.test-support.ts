import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Repository } from '../repository.ts'
import { claimOne, sampleOutcome, sampleRequest } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

async function serve(repository: Repository, ...applications: readonly string[]): Promise<void> {
  for (const application of applications)
    await repository.applyRevision({ application, digest: 'a', bundle: '{}', origin: 'api', actor: 'cli' })
}

async function enginesOf(repository: Repository): Promise<readonly string[]> {
  const heads = await repository.applicationHeads()
  return heads.map(
    ({ application, engine = 'own', engineAside }) =>
      `${application} ${engine}${engineAside === undefined ? '' : ` not ${engineAside.engine}: ${engineAside.code}`}`,
  )
}

const own = (application: string) => ({ application, before: null })

/** Engines: which application is on which, for all servers. */
export function rolloutCases(home: TestHome): void {
  test('applications are put on an engine all at once and taken back, and the history says who did it', async (t) => {
    const { repository, other } = await home.open(t)
    await serve(repository, 'billing', 'crm', 'shop')
    const next = { engine: 'next', actor: 'token:ann' }
    const both = { ...next, applications: [own('crm'), own('billing')] }
    assert.deepEqual(await repository.setEngines(both), { is: 'rolled-out', moved: ['billing', 'crm'] })
    assert.deepEqual(await enginesOf(other), ['billing next', 'crm next', 'shop own'])
    // decided against another state, or with one that is not there: nothing of it
    assert.deepEqual(await other.setEngines({ ...next, applications: [own('shop'), own('crm')] }), {
      is: 'stale',
      application: 'crm',
    })
    assert.deepEqual(await other.setEngines({ ...next, applications: [own('shop'), own('nobody')] }), {
      is: 'unknown',
      application: 'nobody',
    })
    assert.deepEqual(await enginesOf(repository), ['billing next', 'crm next', 'shop own'])
    const back = { applications: [{ application: 'crm', before: 'next' }], engine: null, actor: 'token:bob' }
    assert.deepEqual(await other.setEngines(back), { is: 'rolled-out', moved: ['crm'] })
    assert.deepEqual(await other.setEngines({ ...back, applications: [own('crm')] }), {
      is: 'rolled-out',
      moved: [],
    })
    // another revision is another thing
    await repository.applyRevision({
      application: 'billing',
      digest: 'b',
      bundle: '{}',
      origin: 'api',
      actor: 'cli',
    })
    assert.deepEqual(await enginesOf(repository), ['billing next', 'crm own', 'shop own'])
    const { items } = await repository.events({ application: 'crm', after: 0, most: 10 })
    assert.deepEqual(
      items.slice(1).map(({ type, actor, data }) => `${type} ${actor} ${JSON.stringify(data)}`),
      [
        'engine-set token:ann {"engine":"next","before":null}',
        'engine-set token:bob {"engine":null,"before":"next"}',
      ],
    )
  })

  test('an engine that does not work is taken from an application once, with its reason, until somebody decides', async (t) => {
    const { repository, other } = await home.open(t)
    await serve(repository, 'billing')
    await repository.setEngines({ applications: [own('billing')], engine: 'next', actor: 'cli' })
    const aside = { application: 'billing', engine: 'next', code: 'engine-crashes', message: 'exit code 1' }
    assert.equal(await repository.setEngineAside({ ...aside, actor: 'server' }), true)
    assert.equal(await other.setEngineAside({ ...aside, actor: 'server' }), false)
    assert.deepEqual(await enginesOf(other), ['billing own not next: engine-crashes'])
    // brought up again, and set back: nobody needs to be told of it any more
    await repository.setEngines({ applications: [own('billing')], engine: null, actor: 'cli' })
    assert.deepEqual(await enginesOf(other), ['billing own'])
    await repository.setEngines({ applications: [own('billing')], engine: 'better', actor: 'cli' })
    assert.equal(await other.setEngineAside({ ...aside, actor: 'server' }), false)
    const { items } = await repository.events({ application: 'billing', after: 0, most: 10 })
    assert.deepEqual(
      items.map(({ type }) => type),
      ['revision-applied', 'engine-set', 'engine-set-aside', 'engine-set'],
    )
  })

  test('of two that put the same applications on engines at once one is told that it was late', async (t) => {
    const { repository, other } = await home.open(t)
    await serve(repository, 'billing', 'crm')
    const on = (engine: string, names: readonly string[]) => ({
      applications: names.map(own),
      engine,
      actor: 'cli',
    })
    const results = await Promise.all([
      repository.setEngines(on('next', ['billing', 'crm'])),
      other.setEngines(on('other', ['crm', 'billing'])),
    ])
    assert.deepEqual(results.map(({ is }) => is).toSorted(), ['rolled-out', 'stale'])
    const engines = (await enginesOf(repository)).map((line) => line.split(' ')[1])
    assert.equal(new Set(engines).size, 1)
  })

  test('the record of a run says whose process had it, from when that is told on', async (t) => {
    const { repository, other } = await home.open(t)
    const request = sampleRequest('r1')
    await repository.accept(request)
    const first = await claimOne(repository)
    assert.equal(first.run.engine, undefined)
    const renewal = { server: 'server-1', leaseMs: 10_000 }
    const told = { runId: request.runId, epoch: 1, startedAtMs: undefined, progress: undefined }
    await repository.renew({ ...renewal, runs: [{ ...told, engine: 'next 1.1.0' }] })
    assert.equal((await other.run(request.runId))?.engine, 'next 1.1.0')
    await repository.lose([{ runId: request.runId, epoch: 1, reason: 'x', why: 'handed-over' }], {
      attempts: 1,
    })
    const second = await claimOne(repository)
    // who lost it says nothing more of it
    await repository.renew({ ...renewal, runs: [{ ...told, engine: 'next 1.1.0' }] })
    const { epoch } = second.run
    const outcome = sampleOutcome(second, 'completed')
    await repository.finish({ runId: request.runId, epoch, outcome, engine: 'built-in 1.0.0' })
    assert.equal((await other.run(request.runId))?.engine, 'built-in 1.0.0')
    const { items } = await repository.events({ runId: request.runId, after: 0, most: 10 })
    assert.equal(items.at(-1)?.data['engine'], 'built-in 1.0.0')
  })
}
