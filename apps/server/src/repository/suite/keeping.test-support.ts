import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change, TokenRecord } from '../repository.ts'
import {
  claimOne,
  endedRun,
  messagesOf,
  sampleOutcome,
  sampleRequest,
  sampleRunId,
} from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

/** History, logs, schedules, tokens, and how long things are kept. */
export function keepingCases(home: TestHome): void {
  test('runs are found by what they are of, newest first, page by page', async (t) => {
    const { repository } = await home.open(t)
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      const request = sampleRequest(`r${n}`, { job: n % 2 === 0 ? 'even' : 'odd' })
      await repository.accept(request)
      ids.unshift(request.runId)
    }
    await repository.accept(sampleRequest('r0', { application: 'crm' }))
    await claimOne(repository)
    const find = async (query: object) =>
      (await repository.runs({ most: 10, ...query })).items.map(({ runId }) => runId)
    assert.deepEqual(await find({ application: 'billing' }), ids)
    assert.deepEqual(await find({ application: 'billing', job: 'odd' }), [ids[1], ids[3]])
    assert.deepEqual(await find({ state: 'running' }), [ids[4]])
    assert.equal((await find({ requestId: 'r0' })).length, 2)
    const page = await repository.runs({ application: 'billing', most: 2 })
    assert.deepEqual(
      page.items.map(({ runId }) => runId),
      ids.slice(0, 2),
    )
    assert.ok(page.next)
    assert.deepEqual(await find({ application: 'billing', before: page.next }), ids.slice(2))
  })

  test('the history is read on from where it was left, and misses nothing that others write meanwhile', async (t) => {
    const { repository, other } = await home.open(t)
    const seen: number[] = []
    let after = 0
    let writing = true
    const read = async () => {
      const { items } = await repository.events({ after, most: 7 })
      seen.push(...items.map(({ sequence }) => sequence))
      after = items.at(-1)?.sequence ?? after
      return items.length
    }
    const reader = (async () => {
      while (writing) await read()
    })()
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        (n % 2 === 0 ? repository : other).accept(sampleRequest(`r${n}`, { application: `app-${n % 3}` })),
      ),
    )
    writing = false
    await reader
    while ((await read()) > 0);
    assert.equal(seen.length, 60)
    assert.equal(new Set(seen).size, 60)
    const { items } = await repository.events({ application: 'app-1', after: 0, most: 100 })
    assert.equal(items.length, 20)
    assert.deepEqual(items[0]?.data, { attempt: 1, job: 'invoices' })
  })

  test('a failed run is tried again with the text of its request, once, and no run that completed', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1')
    await endedRun(repository, request, 'failed')
    const [second, third] = [sampleRunId(), sampleRunId()]
    const again = await repository.retry(request.runId, 'token:ops', second)
    assert.equal(again?.attempt, 2)
    assert.equal(again.actor, 'token:ops')
    assert.equal(await repository.retry(request.runId, 'token:ops', third), undefined)
    assert.equal(await repository.retry(second, 'token:ops', third), undefined)
    const claimed = await claimOne(repository)
    assert.equal(claimed.run.runId, second)
    assert.equal(claimed.body, request.body)
    await repository.finish({ runId: second, epoch: 1, outcome: sampleOutcome(claimed, 'completed') })
    assert.equal(await repository.retry(second, 'token:ops', third), undefined)
    assert.equal((await repository.accept({ ...request, runId: third })).is, 'answered')
  })

  test('a log keeps its beginning and its end, and no more than a MiB', async (t) => {
    const { repository } = await home.open(t)
    const runId = sampleRunId()
    const text = 'x'.repeat(64 * 1024)
    for (let number = 0; number < 40; number++)
      await repository.appendLog([
        { runId, epoch: 1, number, text },
        { runId: 'other', epoch: 1, number, text: '' },
      ])
    await repository.appendLog([{ runId, epoch: 1, number: 39, text: 'said twice' }])
    await repository.appendLog([{ runId, epoch: 2, number: 0, text: 'the end' }])
    const { items, next } = await repository.log(runId, 0, 100)
    assert.equal(next, undefined)
    const bytes = items.reduce((sum, item) => sum + item.text.length, 0)
    assert.ok(bytes <= 1024 * 1024 && bytes > 900_000, String(bytes))
    assert.deepEqual(
      items.slice(0, 8).map(({ number }) => number),
      [0, 1, 2, 3, 4, 5, 6, 7],
    )
    assert.deepEqual(
      items.slice(-3).map(({ epoch, number }) => [epoch, number]),
      [
        [1, 38],
        [1, 39],
        [2, 0],
      ],
    )
    const page = await repository.log(runId, 0, 3)
    assert.deepEqual(
      (await repository.log(runId, Number(page.next), 1)).items.map(({ number }) => number),
      [3],
    )
  })

  test('of all who see a time come, one fires', async (t) => {
    const { repository, other } = await home.open(t)
    const fire = (after: number | undefined, at: number) =>
      Promise.all(
        [repository, other, repository, other].map((each) =>
          each.fired({ application: 'billing', trigger: 'nightly', after, at }),
        ),
      )
    assert.equal(await repository.lastFired('billing', 'nightly'), undefined)
    assert.equal((await fire(undefined, 100)).filter(Boolean).length, 1)
    assert.equal((await fire(undefined, 200)).filter(Boolean).length, 0)
    assert.equal((await fire(100, 200)).filter(Boolean).length, 1)
    assert.equal(await repository.lastFired('billing', 'nightly'), 200)
  })

  test('tokens are found by their digest until they are removed, and revoked once', async (t) => {
    const { repository, now } = await home.open(t)
    const token: TokenRecord = {
      id: 't1',
      name: 'ops',
      sha256: 'abc',
      scopes: ['read:*', 'run:billing'],
      createdAtMs: now(),
      expiresAtMs: now() + 1000,
      revokedAtMs: undefined,
    }
    await repository.addToken(token, 'cli')
    await repository.addToken(token, 'cli')
    assert.deepEqual(await repository.tokenByHash('abc'), token)
    assert.equal(await repository.tokenByHash('abd'), undefined)
    assert.equal(await repository.revokeToken('t1', 'cli'), true)
    assert.equal(await repository.revokeToken('t1', 'cli'), false)
    assert.deepEqual(await repository.tokens(), [{ ...token, revokedAtMs: now() }])
    const { items } = await repository.events({ after: 0, most: 10 })
    assert.deepEqual(
      items.map(({ type, actor }) => [type, actor]),
      [
        ['token-made', 'cli'],
        ['token-revoked', 'cli'],
      ],
    )
  })

  test('what is older than it is kept goes, and what is not over or not sent stays', async (t) => {
    const { repository, pass } = await home.open(t)
    const failed = sampleRequest('failed')
    await endedRun(repository, failed, 'failed')
    await endedRun(repository, sampleRequest('completed'), 'completed')
    const [sent] = await repository.takeMessages({ server: 's', most: 1, leaseMs: 10 })
    assert.ok(sent)
    await repository.messagesSent([sent.id])
    await repository.appendLog([{ runId: failed.runId, epoch: 1, number: 0, text: '[]' }])
    const waiting = sampleRequest('waiting')
    await repository.accept(waiting)
    const kept = { requestsMs: 3000, runsMs: 5000, logsMs: 1000, revisionsMs: 1000 }
    const nothing = { requests: 0, runs: 0, bodies: 0, messages: 0, events: 0, logs: 0, revisions: 0 }
    assert.deepEqual(await repository.sweep(kept), nothing)

    pass(1001)
    assert.deepEqual(await repository.sweep(kept), { ...nothing, bodies: 1, logs: 1 })
    assert.equal(await repository.retry(failed.runId, 'cli', sampleRunId()), undefined)
    pass(2000)
    assert.deepEqual(await repository.sweep(kept), { ...nothing, requests: 2 })
    assert.equal((await repository.run(failed.runId))?.state, 'failed')
    // it is not remembered, so it is new
    assert.equal((await repository.accept({ ...failed, runId: sampleRunId() })).is, 'new')
    pass(2000)
    const swept = await repository.sweep(kept)
    assert.equal(swept['runs'], 2)
    assert.equal(swept['messages'], 1)
    assert.equal(await repository.run(failed.runId), undefined)
    assert.equal((await repository.run(waiting.runId))?.state, 'queued')
    assert.equal((await messagesOf(repository, { state: 'due' })).length, 1)
  })

  test('whoever listens is told of work, by whichever server it came', async (t) => {
    const { repository, other } = await home.open(t)
    const told: Change[] = []
    const until = async (change: Change) => {
      for (let wait = 0; !told.includes(change) && wait < 300; wait++)
        await new Promise((resolve) => void setTimeout(resolve, 10))
      assert.ok(told.includes(change), `${change} in ${told.join(', ')}`)
    }
    const stop = other.onChange((change) => void told.push(change))
    const request = sampleRequest('r1')
    await repository.accept(request)
    await until('queued')
    const claimed = await claimOne(repository)
    await repository.command({ runId: request.runId, command: 'cancel', actor: 'cli', reason: '' })
    await until('commands')
    await repository.finish({ runId: request.runId, epoch: 1, outcome: sampleOutcome(claimed, 'cancelled') })
    await until('messages')
    await until('ended')
    stop()
    told.length = 0
    await other.accept(sampleRequest('r2'))
    assert.deepEqual(told, [])
    assert.match(await repository.check(), /SQLite|PostgreSQL/)
  })

  test('a call that fails takes nothing of those with it that were made at the same time', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1')
    const results = await Promise.allSettled([
      repository.accept(sampleRequest('before')),
      // not plain data of a request
      repository.accept({ ...request, application: null as never }),
      repository.accept(sampleRequest('after')),
    ])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal((await repository.runs({ most: 10 })).items.length, 2)
    assert.equal((await repository.accept(request)).is, 'new')
  })
}
