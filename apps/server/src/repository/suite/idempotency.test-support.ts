import assert from 'node:assert/strict'
import { test } from 'node:test'
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

/** `contract.md`, "Same request again" (I4). */
export function idempotencyCases(home: TestHome): void {
  test('a request becomes a run that waits, told to those who want to know', async (t) => {
    const { repository, now } = await home.open(t)
    const request = sampleRequest('r1', {
      destinations: { outcome: ['main'], accepted: ['main', 'hook'], progress: [] },
      traceparent: '00-aa-bb-01',
      validUntilMs: now() + 5000,
    })
    const accepted = await repository.accept(request)
    assert.equal(accepted.is, 'new')
    const run = await repository.run(request.runId)
    assert.deepEqual(accepted.is === 'new' && accepted.run, run)
    assert.deepEqual(run, {
      runId: request.runId,
      application: 'billing',
      job: 'invoices',
      revision: 'revision-1',
      requestDigest: request.digest,
      requestId: 'r1',
      requestSource: '/portal',
      attempt: 1,
      state: 'queued',
      epoch: 0,
      deaths: 0,
      engine: undefined,
      server: undefined,
      acceptedAtMs: now(),
      lane: { alone: false, systems: [] },
      queuedAtMs: now(),
      waitedMs: 0,
      startedAtMs: undefined,
      finishedAtMs: undefined,
      progress: undefined,
      reply: undefined,
      delivery: undefined,
      resultGoneAtMs: undefined,
      waitsFor: undefined,
      reusedFrom: undefined,
      actor: 'kafka:requests',
      context: { user: 'u17' },
    })
    assert.deepEqual(await messagesOf(repository), ['accepted to main', 'accepted to hook'])
    assert.deepEqual(await eventsOf(repository, request.runId), ['accepted'])
    assert.equal(await repository.queued('billing'), 1)
    assert.equal(await repository.queued('other'), 0)
    const claimed = await claimOne(repository)
    assert.equal(claimed.body, request.body)
    assert.equal(claimed.traceparent, '00-aa-bb-01')
    assert.equal(claimed.validUntilMs, now() + 5000)
  })

  test('the same request again while it waits or runs is under way, and nothing comes of it', async (t) => {
    const { repository } = await home.open(t)
    const first = sampleRequest('r1')
    await repository.accept(first)
    for (const phase of ['waits', 'runs']) {
      const again = await repository.accept({ ...first, runId: sampleRunId() })
      assert.equal(again.is, 'under-way', phase)
      assert.equal('run' in again && again.run.runId, first.runId)
      if (phase === 'waits') await claimOne(repository)
    }
    assert.deepEqual(await messagesOf(repository), [])
    assert.equal((await repository.runs({ most: 10 })).items.length, 1)
  })

  test('a queue that is full takes no new run, leaves nothing of it, and still knows who was taken', async (t) => {
    const { repository } = await home.open(t)
    const bounded = { mostQueued: 2 }
    const [first] = ['r1', 'r2'].map((id) => sampleRequest(id, bounded))
    assert.ok(first)
    await repository.accept(first)
    await repository.accept(sampleRequest('r2', bounded))
    const third = sampleRequest('r3', bounded)
    await assert.rejects(repository.accept(third), { code: 'queue-full', kind: 'quota' })
    assert.equal(await repository.run(third.runId), undefined)
    assert.equal(await repository.queued('billing'), 2)
    const again = await repository.accept({ ...first, runId: sampleRequest('r1').runId })
    assert.equal(again.is, 'under-way')
    assert.equal((await repository.accept(sampleRequest('r1', { application: 'crm', ...bounded }))).is, 'new')
    await claimOne(repository)
    assert.equal((await repository.accept(third)).is, 'new', 'the same request may come again')
  })

  test('a call that is repeated because its answer was lost finds its own run', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1')
    await repository.accept(request)
    assert.equal((await repository.accept(request)).is, 'new')
    assert.equal((await repository.runs({ most: 10 })).items.length, 1)
    const claimed = await claimOne(repository)
    const finish = { runId: request.runId, epoch: 1, outcome: sampleOutcome(claimed, 'completed') }
    assert.equal(await repository.finish(finish), 'finished')
    assert.equal(await repository.finish(finish), 'finished')
    assert.deepEqual(await messagesOf(repository), ['completed to main'])
  })

  for (const status of ['completed', 'completed-with-errors'] as const)
    test(`a request that ended ${status} is answered again, each time by a message of its own`, async (t) => {
      const { repository } = await home.open(t)
      const request = sampleRequest('r1')
      await endedRun(repository, request, status)
      for (const destinations of [['main'], ['main', 'hook']]) {
        const again = await repository.accept({
          ...request,
          runId: sampleRunId(),
          destinations: { outcome: destinations, accepted: ['main'], progress: [] },
        })
        assert.equal(again.is, 'answered')
        assert.equal('run' in again && again.run.runId, request.runId)
      }
      const { items } = await repository.messages({ most: 10 })
      assert.deepEqual(
        items.map(({ id }) => id),
        [
          `${request.digest}/1/${status}/main`,
          `${request.digest}/1/answer-2/main`,
          `${request.digest}/1/answer-3/main`,
          `${request.digest}/1/answer-3/hook`,
        ],
      )
      assert.deepEqual(
        items.map(({ reply }) => reply.sequence),
        [1, 2, 3, 3],
      )
      for (const { reply, delivery } of items) {
        assert.equal(reply.status, status)
        assert.deepEqual(delivery, sampleDelivery)
      }
    })

  test('a request that failed for now is tried again, with the attempt and the text of its repeat', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1')
    await endedRun(repository, request, 'failed', true)
    const again = sampleRequest('r1', { body: 'sealed anew', actor: 'http' })
    const accepted = await repository.accept(again)
    assert.equal(accepted.is, 'new')
    assert.equal('run' in accepted && accepted.run.attempt, 2)
    assert.equal('run' in accepted && accepted.run.runId, again.runId)
    const claimed = await claimOne(repository)
    assert.equal(claimed.run.runId, again.runId)
    assert.equal(claimed.body, 'sealed anew')
    await repository.finish({ runId: again.runId, epoch: 1, outcome: sampleOutcome(claimed, 'completed') })
    const { items } = await repository.messages({ most: 10 })
    assert.deepEqual(
      items.map(({ id }) => id),
      [`${request.digest}/1/failed/main`, `${request.digest}/2/completed/main`],
    )
    assert.equal(await repository.retry(request.runId, 'cli', sampleRunId()), undefined)
  })

  for (const status of ['failed', 'cancelled'] as const)
    test(`a request that ${status} for good gets the same message again, under its same id`, async (t) => {
      const { repository, pass } = await home.open(t)
      const request = sampleRequest('r1')
      await endedRun(repository, request, status)
      const [first] = await repository.takeMessages({ server: 's', most: 10, leaseMs: 1000 })
      assert.ok(first)
      await repository.messagesSent([first.id])
      pass(1)
      assert.equal((await repository.accept({ ...request, runId: sampleRunId() })).is, 'answered')
      const [again, ...others] = await repository.takeMessages({ server: 's', most: 10, leaseMs: 1000 })
      assert.ok(again)
      assert.deepEqual(others, [])
      assert.equal(again.id, first.id)
      assert.deepEqual(again.reply, first.reply)
    })

  test('the same id with other content is told so, and the first request stays as it is', async (t) => {
    const { repository } = await home.open(t)
    const first = sampleRequest('r1')
    await repository.accept(first)
    const other = sampleRequest('r1', { contentDigest: 'other', context: { user: 'u18' } })
    const reused = await repository.accept(other)
    assert.equal(reused.is, 'reused')
    assert.equal('run' in reused && reused.run.runId, first.runId)
    const { items } = await repository.messages({ most: 10 })
    assert.deepEqual(
      items.map(({ id, reply }) => [id, reply.status, reply.error?.code, reply.context]),
      [[`${first.digest}/1/answer-2/main`, 'failed', 'request-id-reused', { user: 'u18' }]],
    )
    assert.equal((await claimOne(repository)).body, first.body)
  })

  test('a request whose result was removed is told that it expired', async (t) => {
    const { repository, now } = await home.open(t)
    const request = sampleRequest('r1')
    await endedRun(repository, request, 'completed')
    await repository.resultsGone([request.runId])
    assert.equal((await repository.run(request.runId))?.resultGoneAtMs, now())
    assert.equal((await repository.accept({ ...request, runId: sampleRunId() })).is, 'answered')
    const last = (await repository.messages({ most: 10 })).items.at(-1)
    assert.equal(last?.message, 'answer-2')
    assert.equal(last.reply.error?.code, 'result-expired')
    assert.equal(last.delivery, undefined)
  })

  test('a request older than the memory is told so, unless it is known after all', async (t) => {
    const { repository, now, pass } = await home.open(t, { memoryMs: 1000 })
    const known = sampleRequest('known', { madeAtMs: now() })
    await endedRun(repository, known, 'completed')
    pass(2000)
    assert.equal((await repository.accept({ ...known, runId: sampleRunId() })).is, 'answered')
    const old = sampleRequest('old', { madeAtMs: now() - 1001 })
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await repository.accept({ ...old, runId: sampleRunId() }), { is: 'too-old' })
    const last = (await repository.messages({ most: 10 })).items.filter(
      ({ message }) => message === 'too-old',
    )
    assert.deepEqual(
      last.map(({ id, reply }) => [id, reply.error?.code]),
      [[`${old.digest}/1/too-old/main`, 'request-too-old']],
    )
    assert.equal((await repository.accept(sampleRequest('young', { madeAtMs: now() - 999 }))).is, 'new')
  })

  test('a refused request is a run that failed, with its answer; the same one again gets the same answer', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1', { body: '' })
    const { reply } = sampleOutcome({ run: { ...request, attempt: 7, acceptedAtMs: 0 } as never }, 'failed')
    const refused = await repository.refuse(request, reply)
    assert.equal(refused.is, 'new')
    assert.equal('run' in refused && refused.run.state, 'failed')
    assert.equal('run' in refused && refused.run.reply?.attempt, 1)
    assert.deepEqual(await messagesOf(repository), ['failed to main'])
    assert.deepEqual(await eventsOf(repository, request.runId), ['accepted', 'finished'])
    assert.equal((await repository.refuse({ ...request, runId: sampleRunId() }, reply)).is, 'answered')
    assert.deepEqual(await messagesOf(repository), ['failed to main'])
    assert.equal(await repository.queued('billing'), 0)
  })

  test('a request that is refused today and was answered before is answered again', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1')
    const ended = await endedRun(repository, request, 'completed')
    const { reply } = sampleOutcome(ended, 'failed')
    assert.equal((await repository.refuse({ ...request, runId: sampleRunId() }, reply)).is, 'answered')
    assert.deepEqual(await messagesOf(repository), ['completed to main', 'answer-2 to main'])
  })

  test('a thousand of the same request at once, by two servers, are one run', async (t) => {
    const { repository, other } = await home.open(t)
    const request = sampleRequest('r1')
    const accepted = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        (index % 2 === 0 ? repository : other).accept({ ...request, runId: sampleRunId() }),
      ),
    )
    assert.equal(accepted.filter(({ is }) => is === 'new').length, 1)
    assert.equal(accepted.filter(({ is }) => is === 'under-way').length, 999)
    assert.equal((await repository.runs({ most: 10 })).items.length, 1)
    assert.equal(await repository.queued('billing'), 1)
  })
}
