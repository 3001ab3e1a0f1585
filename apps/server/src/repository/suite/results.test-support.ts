import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lateLinkSeconds } from '@bulkhead/contract'
import type { Repository } from '../repository.ts'
import {
  claimOne,
  endedRun,
  eventsOf,
  sampleDelivery,
  sampleOutcome,
  sampleRequest,
  sampleRunId,
} from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

/** What its links may last behind the end, when they are made in the last moment. */
const lateMs = lateLinkSeconds(sampleDelivery) * 1000

/** How results are removed whose time is over: marked first, then removed by a runner, then taken off the list. */
export function resultCases(home: TestHome): void {
  async function keptRun(
    repository: Repository,
    requestId: string,
    keptUntilMs: number,
    application = 'billing',
  ) {
    const request = sampleRequest(requestId, { application })
    await repository.accept(request)
    const claimed = await claimOne(repository, { application })
    const { runId, epoch } = claimed.run
    const outcome = sampleOutcome(claimed, 'completed')
    const delivery = { ...sampleDelivery, keptUntilMs }
    await repository.finish({ runId, epoch, outcome: { ...outcome, delivery } })
    return request
  }

  async function sendAll(repository: Repository): Promise<void> {
    const messages = await repository.takeMessages({ server: 's', most: 100, leaseMs: 1000 })
    await repository.messagesSent(messages.map(({ id }) => id))
  }

  const take = { applications: ['billing', 'crm'], most: 10, retryMs: 60_000 }
  const idsOf = async (repository: Repository, more: Partial<typeof take> = {}) =>
    (await repository.expireResults({ ...take, ...more })).map(({ runId }) => runId)

  test('a result is given out for removal when its time and that of its last link are over', async (t) => {
    const { repository, now, pass } = await home.open(t)
    const kept = await keptRun(repository, 'kept', now() + 10_000)
    await endedRun(repository, sampleRequest('for-ever'), 'completed')
    await sendAll(repository)
    pass(10_000 + lateMs - 1)
    assert.deepEqual(await repository.expireResults(take), [])
    pass(1)
    assert.deepEqual(await repository.expireResults(take), [
      { runId: kept.runId, application: 'billing', revision: 'revision-1', epoch: 1, store: 'exports' },
    ])
    // before anything is removed nobody is given a link any more
    assert.equal((await repository.run(kept.runId))?.resultGoneAtMs, now())
    assert.equal((await repository.accept({ ...kept, runId: sampleRunId() })).is, 'answered')
    const last = (await repository.messages({ most: 100 })).items.at(-1)
    assert.equal(last?.reply.error?.code, 'result-expired')
  })

  test('a result whose reply is not sent stays, and so does one whose link was sent a moment ago', async (t) => {
    const { repository, now, pass } = await home.open(t)
    const kept = await keptRun(repository, 'kept', now() + 1000)
    pass(1000 + lateMs)
    assert.deepEqual(await idsOf(repository), [], 'its reply is due')
    pass(lateMs)
    assert.equal((await repository.run(kept.runId))?.resultGoneAtMs, undefined)
    await sendAll(repository)
    pass(lateMs - 1)
    assert.deepEqual(await idsOf(repository), [], 'its link is valid')
    pass(lateMs)
    assert.deepEqual(await idsOf(repository), [kept.runId])
  })

  test('a result that was not removed is given out again later, and never once it was', async (t) => {
    const { repository, other, now, pass } = await home.open(t)
    const kept = await keptRun(repository, 'kept', now())
    await sendAll(repository)
    pass(lateMs)
    const [first, second] = await Promise.all([idsOf(repository), idsOf(other)])
    assert.deepEqual([...first, ...second], [kept.runId], 'one of two servers removes it')
    pass(59_999)
    assert.deepEqual(await idsOf(other), [])
    pass(1)
    assert.deepEqual(await idsOf(other), [kept.runId])
    await repository.resultsGone([kept.runId])
    pass(60_000)
    assert.deepEqual(await idsOf(repository), [])
    assert.deepEqual((await eventsOf(repository, kept.runId)).slice(-2), ['result-expired', 'result-removed'])
  })

  test('each application has its share of what is given out, and one that is not asked for has none', async (t) => {
    const { repository, now, pass } = await home.open(t)
    for (let n = 0; n < 5; n++) await keptRun(repository, `b${n}`, now())
    const crm = await keptRun(repository, 'c0', now(), 'crm')
    const away = await keptRun(repository, 'a0', now(), 'away')
    await sendAll(repository)
    pass(lateMs)
    const taken = await repository.expireResults({ ...take, most: 2 })
    assert.deepEqual(taken.map(({ application }) => application).toSorted(), ['billing', 'billing', 'crm'])
    assert.ok(taken.some(({ runId }) => runId === crm.runId))
    assert.equal((await repository.run(away.runId))?.resultGoneAtMs, undefined)
    assert.deepEqual(await repository.expireResults({ ...take, applications: [] }), [])
  })

  test('a run is remembered for as long as its result is there', async (t) => {
    const { repository, now, pass } = await home.open(t)
    const kept = await keptRun(repository, 'kept', now() + 1_000_000)
    await sendAll(repository)
    const all = { requestsMs: 0, runsMs: 0, logsMs: 0, revisionsMs: 0 }
    pass(1_000_000 + lateMs)
    await repository.sweep(all)
    assert.equal((await repository.run(kept.runId))?.state, 'completed')
    assert.deepEqual(await idsOf(repository), [kept.runId])
    pass(1)
    await repository.sweep(all)
    assert.ok(await repository.run(kept.runId), 'its removal may have to be tried again')
    await repository.resultsGone([kept.runId])
    await repository.sweep(all)
    assert.equal(await repository.run(kept.runId), undefined)
  })
}
