import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Repository } from '../repository.ts'
import { endedRun, eventsOf, messagesOf, sampleRequest } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

/** Messages to destinations: at least once, nobody before his turn (I3, I7). */
export function outboxCases(home: TestHome): void {
  const take = (repository: Repository, most = 10, except: readonly string[] = []) =>
    repository.takeMessages({ server: 'server-1', most, leaseMs: 1000, except })

  test('a message is one server’s while it is leased, and is due again when nobody said that it was sent', async (t) => {
    const { repository, other, pass, now } = await home.open(t)
    const { run } = await endedRun(repository, sampleRequest('r1', { traceparent: '00-a-b-01' }), 'completed')
    const [first] = await take(repository)
    assert.ok(first)
    assert.equal(first.traceparent, '00-a-b-01')
    assert.equal(first.requestSource, '/portal')
    assert.deepEqual(await take(other), [])
    pass(1001)
    const [again] = await take(other)
    assert.equal(again?.id, first.id)
    await repository.messageFailed({ id: first.id, error: 'HTTP 503', retryAt: now() + 5000, givenUp: false })
    pass(4999)
    assert.deepEqual(await take(repository), [])
    pass(1)
    const [third] = await take(repository)
    assert.equal(third?.tries, 1)
    assert.equal(third.lastError, 'HTTP 503')
    await repository.messagesSent([first.id])
    await repository.messagesSent([first.id])
    pass(10_000)
    assert.deepEqual(await take(repository), [])
    assert.deepEqual(await messagesOf(repository, { state: 'sent' }), ['completed to main'])
    assert.deepEqual((await eventsOf(repository, run.runId)).slice(-2), ['finished', 'message-sent'])
  })

  test('who looks for messages has those of a run that ends at once, and another when he does not send them', async (t) => {
    const { repository, other, pass } = await home.open(t)
    const told: string[] = []
    t.after(repository.onChange((change) => void told.push(change)))
    await endedRun(repository, sampleRequest('before'), 'completed')
    assert.deepEqual((await take(repository)).length, 1)
    told.length = 0
    await endedRun(repository, sampleRequest('r1'), 'completed')
    assert.ok(told.includes('messages'))
    if (other !== repository)
      assert.deepEqual(await take(other), [], 'it is under a lease from the beginning')
    const [first, ...more] = await take(repository)
    assert.deepEqual([first?.message, first?.state, more.length], ['completed', 'due', 0])
    assert.deepEqual(await take(repository), [])
    pass(1000)
    const again = await take(other)
    assert.ok(again.some(({ id }) => id === first?.id))
  })

  test('what is told of a run before its end is sent before it', async (t) => {
    const { repository } = await home.open(t)
    await take(repository)
    const destinations = { outcome: ['main'], accepted: ['main'], progress: [] }
    await endedRun(repository, sampleRequest('r1', { destinations }), 'completed')
    assert.deepEqual(
      (await take(repository)).map(({ message }) => message),
      ['accepted', 'completed'],
    )
  })

  test('a destination that has enough gets nothing handed, and what is due of others is found all the same', async (t) => {
    const { repository, pass, now } = await home.open(t)
    await endedRun(repository, sampleRequest('failing'), 'completed')
    const [failing] = await take(repository)
    assert.ok(failing)
    await repository.messageFailed({ id: failing.id, error: 'no', retryAt: now() + 10, givenUp: false })
    await take(repository, 10, ['crm/main'])
    await endedRun(repository, sampleRequest('full', { application: 'crm' }), 'completed')
    pass(10)
    // a stream of new ones keeps nobody from what is due again
    const seen = new Set<string>()
    for (let n = 0; n < 100 && !seen.has(failing.id); n++) {
      await endedRun(repository, sampleRequest(`new-${n}`), 'completed')
      for (const { id } of await take(repository, 10, ['crm/main'])) seen.add(id)
      await new Promise((resolve) => void setTimeout(resolve, 10))
    }
    assert.ok(seen.has(failing.id))
    assert.ok([...seen].every((id) => !id.includes('crm')))
    assert.deepEqual(
      (await take(repository)).map(({ application }) => application),
      ['crm'],
    )
  })

  test('a message that a server gives back is due at once, and no other one', async (t) => {
    const { repository, other, pass, now } = await home.open(t)
    for (const id of ['r1', 'r2', 'r3']) await endedRun(repository, sampleRequest(id), 'completed')
    const ids = (await take(repository)).map(({ id }) => id)
    const [first = '', second = '', third = ''] = ids
    await repository.messagesSent([first])
    await repository.messageFailed({ id: second, error: 'no', retryAt: now() - 1, givenUp: true })
    await repository.giveBackMessages(ids)
    assert.deepEqual(
      (await take(other)).map(({ id }) => id),
      [third],
    )
    pass(1001)
    await repository.giveBackMessages(['unknown'])
    assert.equal((await take(other)).length, 1)
  })

  test('a message that nobody will have is shown as failed, counted, and sent again when asked', async (t) => {
    const { repository, now } = await home.open(t)
    const { run } = await endedRun(repository, sampleRequest('r1'), 'completed')
    const [message] = await take(repository)
    assert.ok(message)
    await repository.messageFailed({ id: message.id, error: 'HTTP 410', retryAt: now(), givenUp: true })
    assert.deepEqual(await messagesOf(repository, { state: 'failed' }), ['completed to main'])
    assert.deepEqual(await repository.outbox(), [
      { state: 'due', messages: 0, oldestAtMs: undefined },
      { state: 'failed', messages: 1, oldestAtMs: now() },
    ])
    assert.equal(await repository.resend(run.runId, 'token:ops', ['main', 'hook']), 2)
    assert.equal(await repository.resend('nobody', 'token:ops', ['main']), 0)
    assert.deepEqual(
      (await take(repository)).map(({ id }) => id),
      [`${run.requestDigest}/1/answer-2/main`, `${run.requestDigest}/1/answer-2/hook`],
    )
  })

  test('a flood for one destination makes no other wait, and one that is down is left alone', async (t) => {
    const { repository } = await home.open(t)
    for (let n = 0; n < 30; n++) await endedRun(repository, sampleRequest(`flood-${n}`), 'completed')
    await endedRun(repository, sampleRequest('one', { application: 'crm' }), 'completed')
    const taken = await take(repository, 10)
    assert.equal(taken.length, 10)
    assert.equal(taken.filter(({ application }) => application === 'crm').length, 1)
    assert.deepEqual(
      taken.filter(({ application }) => application === 'billing').map(({ reply }) => reply.requestId),
      Array.from({ length: 9 }, (_, n) => `flood-${n}`),
    )
    assert.deepEqual(await take(repository, 10, ['billing/main']), [])
  })

  test('messages are paged in the order in which they were written', async (t) => {
    const { repository } = await home.open(t)
    const ids: string[] = []
    for (let n = 0; n < 5; n++)
      ids.push((await endedRun(repository, sampleRequest(`r${n}`), 'failed')).run.runId)
    await endedRun(repository, sampleRequest('other', { application: 'crm' }), 'failed')
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await repository.messages({
        application: 'billing',
        most: 2,
        ...(after !== undefined && { after }),
      })
      seen.push(...page.items.map(({ runId }) => runId))
      after = page.next
    } while (after !== undefined)
    assert.deepEqual(seen, ids)
  })
}
