import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Repository } from '../repository.ts'
import type { NewRevision } from '../revision-keeping.ts'
import { sampleRequest } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

function revision(digest: string, more: Partial<NewRevision> = {}): NewRevision {
  return {
    application: 'billing',
    digest,
    bundle: `{"digest":"${digest}"}`,
    origin: 'api',
    actor: 'token:ann',
    ...more,
  }
}

async function numbers(repository: Repository): Promise<readonly string[]> {
  const { items } = await repository.revisions({ application: 'billing', most: 10 })
  return items.map(
    ({ number, digest, isCurrent, fault }) =>
      `${number} ${digest}${isCurrent ? ' current' : ''}${fault === undefined ? '' : ` ${fault.code}`}`,
  )
}

async function current(repository: Repository): Promise<string | undefined> {
  const heads = await repository.applicationHeads()
  const head = heads.find(({ application }) => application === 'billing')
  return head && `${head.number} ${head.digest} ${head.state} ${head.origin}`
}

/** Applications: every accepted revision is kept, one is current, and any can be returned to. */
export function revisionCases(home: TestHome): void {
  test('revisions count up, the last one is current, and an earlier one is made current again', async (t) => {
    const { repository, other } = await home.open(t)
    for (const digest of ['a', 'b', 'c'])
      assert.equal((await repository.applyRevision(revision(digest))).is, 'applied')
    assert.equal((await repository.applyRevision(revision('c'))).is, 'unchanged')
    assert.deepEqual(await numbers(other), ['3 c current', '2 b', '1 a'])
    const back = { application: 'billing', number: 1, actor: 'token:bob' }
    assert.equal((await other.makeRevisionCurrent(back)).is, 'applied')
    assert.equal((await other.makeRevisionCurrent(back)).is, 'unchanged')
    assert.equal((await other.makeRevisionCurrent({ ...back, number: 9 })).is, 'unknown')
    assert.deepEqual(await numbers(repository), ['3 c', '2 b', '1 a current'])
    // brought once more it is no new one
    await repository.applyRevision(revision('c', { origin: 'folder', actor: 'folder' }))
    assert.equal(await current(other), '3 c serving folder')
    assert.equal(await repository.revisionBundle('billing', 'b'), '{"digest":"b"}')
    assert.equal(await repository.revisionBundle('crm', 'b'), undefined)
    const { items } = await repository.events({ application: 'billing', after: 0, most: 10 })
    assert.deepEqual(
      items.map(
        ({ type, actor, data }) => `${type} ${actor} ${String(data['before'])}>${String(data['number'])}`,
      ),
      [
        'revision-applied token:ann null>1',
        'revision-applied token:ann 1>2',
        'revision-applied token:ann 2>3',
        'revision-applied token:bob 3>1',
        'revision-applied folder 1>3',
      ],
    )
  })

  test('what was decided against another state is stale', async (t) => {
    const { repository, other } = await home.open(t)
    assert.equal((await repository.applyRevision(revision('a', { expected: null }))).is, 'applied')
    assert.deepEqual(await other.applyRevision(revision('b', { expected: null })), {
      is: 'stale',
      current: 'a',
    })
    assert.equal((await other.applyRevision(revision('b', { expected: 'a' }))).is, 'applied')
    assert.equal((await repository.applyRevision(revision('c', { expected: 'a' }))).is, 'stale')
    const back = { application: 'billing', number: 1, actor: 'cli' }
    assert.equal((await repository.makeRevisionCurrent({ ...back, expected: 'a' })).is, 'stale')
    assert.deepEqual(await numbers(repository), ['2 b current', '1 a'])
  })

  test('of many that bring revisions at once each gets a number of its own', async (t) => {
    const { repository, other } = await home.open(t)
    const all = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'a'].map((digest, index) =>
        (index % 2 === 0 ? repository : other).applyRevision(revision(digest)),
      ),
    )
    assert.ok(all.every(({ is }) => is === 'applied' || is === 'unchanged'))
    assert.deepEqual(
      (await numbers(repository)).map((line) => line.split(' ')[0]),
      ['5', '4', '3', '2', '1'],
    )
  })

  test('one that does not work is set aside, and what was current before it is again', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.applyRevision(revision('a'))
    await repository.applyRevision(revision('b'))
    const aside = { application: 'billing', code: 'crash', message: 'It dies', actor: 'server' }
    assert.equal(await repository.setRevisionAside({ ...aside, digest: 'b' }), 'went-back')
    const [head] = await other.applicationHeads()
    assert.deepEqual(head?.aside, { number: 2, digest: 'b', code: 'crash', message: 'It dies' })
    // another server saw the same, later
    assert.equal(await other.setRevisionAside({ ...aside, digest: 'b' }), 'not-current')
    assert.deepEqual(await numbers(repository), ['2 b crash', '1 a current'])
    // from one that does not work to the next: the good one is remembered
    await repository.applyRevision(revision('b'))
    await repository.setRevisionAside({ ...aside, digest: 'b' })
    await repository.applyRevision(revision('c'))
    await repository.setRevisionAside({ ...aside, digest: 'c' })
    assert.deepEqual(await numbers(repository), ['3 c crash', '2 b crash', '1 a current'])
    // there is nothing to go back to
    assert.equal(await repository.setRevisionAside({ ...aside, digest: 'a' }), 'no-other')
    assert.equal(await current(repository), '1 a serving api')
  })

  test('one of which a run has completed is not set aside', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.applyRevision(revision('a'))
    await repository.applyRevision(revision('b'))
    await other.revisionWorks('billing', 'b')
    const aside = { application: 'billing', digest: 'b', code: 'crash', message: '', actor: 'server' }
    assert.equal(await repository.setRevisionAside(aside), 'works')
    assert.deepEqual(await numbers(repository), ['2 b current', '1 a'])
    assert.equal((await repository.applicationHeads())[0]?.aside, undefined)
  })

  test('a revision is swept so long after it was replaced, unless it may be needed', async (t) => {
    const { repository, pass } = await home.open(t)
    const kept = { requestsMs: 1, runsMs: 1000, logsMs: 1, revisionsMs: 5000 }
    for (const digest of ['a', 'b', 'c', 'd']) await repository.applyRevision(revision(digest))
    await repository.accept(sampleRequest('waits', { revision: 'b' }))
    pass(4999)
    assert.equal((await repository.sweep(kept))['revisions'], 0)
    pass(2)
    // b has a run that waits, c is what d would go back to
    assert.equal((await repository.sweep(kept))['revisions'], 1)
    assert.deepEqual(await numbers(repository), ['4 d current', '3 c', '2 b'])
    // its time begins anew when it was current once more
    await repository.makeRevisionCurrent({ application: 'billing', number: 3, actor: 'cli' })
    pass(10)
    await repository.applyRevision(revision('e'))
    await repository.applyRevision(revision('f'))
    pass(4995)
    assert.equal((await repository.sweep(kept))['revisions'], 1)
    assert.deepEqual(await numbers(repository), ['6 f current', '5 e', '3 c', '2 b'])
    assert.equal(await repository.revisionBundle('billing', 'd'), undefined)
  })

  test('an application that was removed keeps its revisions, and comes back with the next number', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.applyRevision(revision('a'))
    assert.equal(await repository.removeApplication('billing', 'token:ann'), true)
    assert.equal(await other.removeApplication('billing', 'token:ann'), false)
    assert.deepEqual(await numbers(repository), ['1 a'])
    assert.equal(await current(other), '1 a removed api')
    assert.equal((await other.applyRevision(revision('b', { expected: null }))).is, 'applied')
    await other.removeApplication('billing', 'token:ann')
    assert.equal((await other.applyRevision(revision('b'))).is, 'applied')
    assert.deepEqual(await numbers(repository), ['2 b current', '1 a'])
  })

  test('a change of several applications is whole: what one of them was changed by meanwhile stops all', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.applyRevision(revision('a'))
    await repository.applyRevision(revision('a', { application: 'crm' }))
    const change = (expected: string | null) => ({
      revisions: [
        revision('b', { expected: 'a' }),
        revision('n', { application: 'shop', expected: null, changed: ['jobs.rows'] }),
      ],
      removals: [{ application: 'crm', expected }],
      actor: 'token:ann',
    })
    assert.deepEqual(await other.applyChange(change('z')), { is: 'stale', application: 'crm' })
    assert.deepEqual(await numbers(repository), ['1 a current'])
    assert.deepEqual(
      (await repository.applicationHeads()).map(
        ({ application, digest, state }) => `${application} ${digest} ${state}`,
      ),
      ['billing a serving', 'crm a serving'],
    )
    const applied = await other.applyChange(change('a'))
    assert.ok(applied.is === 'applied')
    assert.deepEqual(
      applied.applied.map(({ is, head }) => `${is} ${head.application} ${head.number}`),
      ['applied billing 2', 'applied shop 1'],
    )
    assert.deepEqual(applied.removed, ['crm'])
    // the same once more, against what is by now: nothing is left to do
    const again = await repository.applyChange({
      revisions: [revision('b', { expected: 'b' })],
      removals: [{ application: 'crm', expected: null }],
      actor: 'token:ann',
    })
    assert.ok(again.is === 'applied' && again.applied[0]?.is === 'unchanged' && again.removed.length === 0)
  })

  test('of two changes of the same applications at once one is whole, and the other nothing', async (t) => {
    const { repository, other } = await home.open(t)
    const change = (digest: string, names: readonly string[]) => ({
      revisions: names.map((application) => revision(digest, { application, expected: null })),
      removals: [],
      actor: 'cli',
    })
    const results = await Promise.all([
      repository.applyChange(change('a', ['billing', 'crm', 'shop'])),
      other.applyChange(change('b', ['shop', 'crm', 'billing'])),
    ])
    assert.deepEqual(results.map(({ is }) => is).toSorted(), ['applied', 'stale'])
    assert.equal(new Set((await repository.applicationHeads()).map(({ digest }) => digest)).size, 1)
  })

  test('the history of an application has what happened to it, newest first, and nothing of its runs', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.applyRevision(revision('a', { changed: ['description'] }))
    await repository.accept(sampleRequest('r1'))
    await repository.applyRevision(revision('b'))
    await other.removeApplication('billing', 'token:bob')
    const page = await other.applicationEvents({ application: 'billing', most: 2 })
    assert.deepEqual(
      page.items.map(({ type, actor }) => `${type} ${actor}`),
      ['application-removed token:bob', 'revision-applied token:ann'],
    )
    const rest = await other.applicationEvents({ application: 'billing', before: Number(page.next), most: 2 })
    assert.deepEqual(
      rest.items.map(({ data }) => data),
      [{ number: 1, digest: 'a', origin: 'api', before: null, changed: ['description'] }],
    )
    assert.equal(rest.next, undefined)
    assert.deepEqual((await other.applicationEvents({ application: 'crm', most: 2 })).items, [])
  })

  test('other servers are told of a change', async (t) => {
    const { repository, other } = await home.open(t)
    const told = Promise.withResolvers<void>()
    t.after(async () => unlisten())
    const unlisten = other.onChange((change) => {
      if (change === 'applications') told.resolve()
    })
    await repository.applyRevision(revision('a'))
    await told.promise
  })
}
