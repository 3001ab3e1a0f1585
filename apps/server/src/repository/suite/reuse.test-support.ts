import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lateLinkSeconds } from '@bulkhead/contract'
import type { AcceptRequest, ClaimedRun, Repository } from '../repository.ts'
import {
  claimOne,
  endedRun,
  eventsOf,
  messagesOf,
  sampleDelivery,
  sampleOutcome,
  sampleRequest,
  sampleRunId,
} from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

const withinMs = 60_000

function like(requestId: string, more: Partial<AcceptRequest> = {}, key = 'key-1'): AcceptRequest {
  return sampleRequest(requestId, { reuse: { key, withinMs, fresh: false }, ...more })
}

async function finish(
  repository: Repository,
  claimed: ClaimedRun,
  status: 'completed' | 'completed-with-errors' | 'failed' | 'cancelled' = 'completed',
  keptUntilMs?: number,
): Promise<void> {
  const { runId, epoch } = claimed.run
  const outcome = sampleOutcome(claimed, status)
  const { delivery } = outcome
  await repository.finish({
    runId,
    epoch,
    outcome: {
      ...outcome,
      ...(delivery !== undefined && {
        delivery: { ...delivery, ...(keptUntilMs !== undefined && { keptUntilMs }) },
      }),
    },
  })
}

/** Runs of the application that a server gets now. */
async function claimable(repository: Repository): Promise<readonly string[]> {
  const { runs: claimed } = await repository.claim({
    server: 's',
    leaseMs: 10_000,
    most: [{ application: 'billing', runs: 100 }],
  })
  return claimed.map(({ run }) => run.requestId)
}

const settle = (repository: Repository) => repository.settleWaiting(100)

/** How identical requests share a result, where their application lets them. */
export function reuseCases(home: TestHome): void {
  test('an identical request within the time is answered with the result that is there, and nothing is run', async (t) => {
    const { repository, pass } = await home.open(t)
    const first = await endedRun(repository, like('first'), 'completed')
    pass(withinMs - 1)
    const second = like('second', {
      context: { user: 'u18' },
      destinations: { outcome: ['hook'], accepted: [], progress: [] },
    })
    const accepted = await repository.accept(second)
    assert.ok(accepted.is === 'new')
    const { run } = accepted
    assert.deepEqual(
      [run.runId, run.state, run.epoch, run.startedAtMs],
      [second.runId, 'completed', 0, undefined],
    )
    assert.equal(run.reusedFrom, first.run.runId)
    const { reply, delivery } = (await repository.run(second.runId)) ?? {}
    assert.equal(reply?.status, 'completed')
    assert.deepEqual([reply.requestId, reply.runId, reply.context], ['second', second.runId, { user: 'u18' }])
    assert.equal(reply.reusedFrom?.runId, first.run.runId)
    assert.equal(reply.startedAt, undefined)
    assert.deepEqual(
      reply.result?.files.map(({ name }) => name),
      ['invoices.csv'],
    )
    assert.deepEqual(delivery, sampleDelivery)
    assert.deepEqual(await claimable(repository), [])
    assert.deepEqual(await messagesOf(repository, { runId: second.runId }), ['completed to hook'])
    assert.deepEqual(await eventsOf(repository, second.runId), ['accepted', 'reused', 'finished'])
    // the same request again is the same answer again
    assert.equal((await repository.accept({ ...second, runId: sampleRunId() })).is, 'answered')
    const last = (await repository.messages({ runId: second.runId, most: 9 })).items.at(-1)
    assert.deepEqual([last?.message, last?.delivery], ['answer-2', sampleDelivery])
  })

  test('another key, a time that is over, or the wish for a fresh result: it is run', async (t) => {
    const { repository, pass } = await home.open(t)
    const first = await endedRun(repository, like('first'), 'completed')
    await repository.accept(like('other', {}, 'key-2'))
    await repository.accept(sampleRequest('plain'))
    await repository.accept(like('fresh', { reuse: { key: 'key-1', withinMs, fresh: true } }))
    assert.deepEqual((await claimable(repository)).toSorted(), ['fresh', 'other', 'plain'])
    const { repository: late, pass: passLate } = await home.open(t)
    await endedRun(late, like('first'), 'completed')
    passLate(withinMs + 5)
    await late.accept(like('late'))
    assert.deepEqual(await claimable(late), ['late'])
    assert.ok(first)
    pass(0)
  })

  test('while the first is under way the others wait for it, and get what it made', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.accept(like('first'))
    const [second, third] = [
      like('second'),
      like('third', { destinations: { outcome: ['main'], accepted: ['main'], progress: [] } }),
    ]
    const [waiting] = [await repository.accept(second), await other.accept(third)]
    assert.ok(waiting.is === 'new')
    assert.equal(waiting.run.state, 'queued')
    const first = await claimOne(repository)
    assert.equal(waiting.run.waitsFor, first.run.runId)
    assert.deepEqual(await claimable(repository), [])
    assert.deepEqual((await repository.waiting(['billing'])).lanes, [], 'no process is wanted for them')
    assert.deepEqual((await settle(repository)).answered, [])
    await finish(repository, first)
    const settled = await settle(other)
    assert.deepEqual(
      settled.answered.map(({ runId }) => runId).toSorted(),
      [second.runId, third.runId].toSorted(),
    )
    assert.deepEqual((await settle(repository)).answered, [])
    for (const { runId } of [second, third]) {
      const run = await repository.run(runId)
      assert.deepEqual(
        [run?.state, run?.waitsFor, run?.reusedFrom],
        ['completed', undefined, first.run.runId],
      )
    }
    assert.deepEqual(await messagesOf(repository, { runId: third.runId }), [
      'accepted to main',
      'completed to main',
    ])
    assert.deepEqual(await claimable(repository), [])
  })

  for (const end of ['failed', 'cancelled'] as const)
    test(`when the first is ${end}, one of those that wait runs, and the others wait for it`, async (t) => {
      const { repository } = await home.open(t)
      await repository.accept(like('first'))
      const first = await claimOne(repository)
      for (const id of ['second', 'third', 'fourth']) await repository.accept(like(id))
      await finish(repository, first, end)
      const told: string[] = []
      repository.onChange((change) => told.push(change))
      assert.deepEqual((await settle(repository)).answered, [])
      // a server with room takes it at once
      for (let turn = 0; turn < 1000 && told.length === 0; turn++) await new Promise(setImmediate)
      assert.ok(told.includes('queued'))
      const next = await claimOne(repository)
      assert.equal(next.run.requestId, 'second')
      assert.deepEqual(await claimable(repository), [])
      await finish(repository, next)
      assert.equal((await settle(repository)).answered.length, 2)
      assert.equal(await repository.queued('billing'), 0)
    })

  test('a first one that is lost is waited for until it was begun too often', async (t) => {
    const { repository, pass } = await home.open(t)
    await repository.accept(like('first'))
    await claimOne(repository, { leaseMs: 1000 })
    await repository.accept(like('second'))
    pass(1001)
    await repository.recover({ attempts: 2 })
    await settle(repository)
    assert.equal((await claimOne(repository, { leaseMs: 1000 })).run.requestId, 'first')
    pass(1001)
    await repository.recover({ attempts: 2 })
    await settle(repository)
    assert.equal((await claimOne(repository)).run.requestId, 'second')
  })

  test('one that waits can be cancelled, and one whose time is over waits no longer', async (t) => {
    const { repository, pass, now } = await home.open(t)
    await repository.accept(like('first'))
    const first = await claimOne(repository, { leaseMs: 100_000 })
    const [second, third] = [like('second'), like('third', { validUntilMs: now() + 1000 })]
    await repository.accept(second)
    await repository.accept(third)
    const cancel = { runId: second.runId, command: 'cancel', actor: 'cli', reason: '' } as const
    assert.equal((await repository.command(cancel)).is, 'effective')
    pass(1001)
    await settle(repository)
    assert.deepEqual(await claimable(repository), ['third'], 'its server refuses it, as any that is too late')
    await finish(repository, first)
    assert.deepEqual((await settle(repository)).answered, [])
    assert.equal((await repository.run(second.runId))?.state, 'cancelled')
  })

  test('a result that is removed, or about to be, is given to nobody; with it goes what was answered by it', async (t) => {
    const { repository, pass, now } = await home.open(t)
    await repository.accept(like('first'))
    await finish(repository, await claimOne(repository), 'completed', now() + 10_000)
    pass(5000)
    const second = like('second')
    await repository.accept(second)
    pass(5000)
    await repository.accept(like('third'))
    assert.deepEqual(await claimable(repository), ['third'])
    const lateMs = lateLinkSeconds(sampleDelivery) * 1000
    const take = { applications: ['billing'], most: 10, retryMs: 1000 }
    const ids = await repository.takeMessages({ server: 's', most: 9, leaseMs: 1000 })
    await repository.messagesSent(ids.filter(({ runId }) => runId !== second.runId).map(({ id }) => id))
    pass(2 * lateMs)
    assert.deepEqual(await repository.expireResults(take), [], 'the answer to the second is not sent')
    await repository.messagesSent(ids.map(({ id }) => id))
    pass(2 * lateMs)
    const [expired, ...others] = await repository.expireResults(take)
    assert.ok(expired && others.length === 0)
    assert.notEqual((await repository.run(second.runId))?.resultGoneAtMs, undefined)
    assert.equal((await repository.accept({ ...second, runId: sampleRunId() })).is, 'answered')
    const last = (await repository.messages({ runId: second.runId, most: 9 })).items.at(-1)
    assert.equal(last?.reply.error?.code, 'result-expired')
  })

  test('a result that somebody removed is given to nobody', async (t) => {
    const { repository } = await home.open(t)
    const first = await endedRun(repository, like('first'), 'completed')
    await repository.resultsGone([first.run.runId])
    await repository.accept(like('second'))
    assert.deepEqual(await claimable(repository), ['second'])
  })

  test('two identical requests at the same instant: one runs', async (t) => {
    const { repository, other } = await home.open(t)
    const requests = Array.from({ length: 12 }, (_, n) => like(`r${n}`))
    await Promise.all(requests.map((request, n) => (n % 2 === 0 ? repository : other).accept(request)))
    assert.equal((await claimable(repository)).length, 1)
    assert.equal(await repository.queued('billing'), 11)
    assert.deepEqual(await claimable(other), [])
  })

  test('two servers settle at once: each that waits is answered once', async (t) => {
    const { repository, other } = await home.open(t)
    await repository.accept(like('first'))
    await repository.accept(like('first-b', {}, 'key-2'))
    for (let n = 0; n < 10; n++) await repository.accept(like(`r${n}`, {}, n % 2 === 0 ? 'key-1' : 'key-2'))
    const { runs: both } = await repository.claim({
      server: 's',
      leaseMs: 10_000,
      most: [{ application: 'billing', runs: 9 }],
    })
    assert.equal(both.length, 2)
    for (const one of both) await finish(repository, one)
    const [a, b] = await Promise.all([settle(repository), settle(other)])
    assert.equal(a.answered.length + b.answered.length, 10)
    assert.equal((await messagesOf(repository)).length, 12)
  })

  test('more than are settled at once come in pieces; a first one that was swept is taken for none', async (t) => {
    const { repository, pass } = await home.open(t)
    await repository.accept(like('first'))
    const first = await claimOne(repository)
    for (let n = 0; n < 5; n++) await repository.accept(like(`r${n}`))
    await finish(repository, first)
    const pieces: [number, boolean][] = []
    for (let more = true; more;) {
      const piece = await repository.settleWaiting(2)
      pieces.push([piece.answered.length, piece.more])
      more = piece.more
    }
    assert.equal(
      pieces.reduce((sum, [count]) => sum + count, 0),
      5,
    )
    const all = await repository.takeMessages({ server: 's', most: 99, leaseMs: 1 })
    await repository.messagesSent(all.map(({ id }) => id))
    pass(1000)
    await repository.sweep({ requestsMs: 0, runsMs: 0, logsMs: 0, revisionsMs: 0 })
    assert.equal(await repository.run(first.run.runId), undefined)
    await repository.accept(like('again'))
    assert.deepEqual(await claimable(repository), ['again'])
  })
}
