import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  claimOne,
  endedRun,
  eventsOf,
  messagesOf,
  sampleOutcome,
  sampleRequest,
} from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

/** Who has a run, and what becomes of it when its runner is lost (I2, I3). */
export function leaseCases(home: TestHome): void {
  test('the oldest runs of each application are taken, as many as it has free slots', async (t) => {
    const { repository } = await home.open(t)
    for (const application of ['billing', 'crm'])
      for (const id of ['r1', 'r2', 'r3']) await repository.accept(sampleRequest(id, { application }))
    const { runs: claimed } = await repository.claim({
      server: 'server-1',
      leaseMs: 1000,
      most: [
        { application: 'billing', runs: 2 },
        { application: 'crm', runs: 1 },
        { application: 'none', runs: 5 },
        { application: 'full', runs: 0 },
      ],
    })
    assert.deepEqual(
      claimed.map(({ run }) => [run.application, run.requestId, run.epoch, run.state, run.server]),
      [
        ['billing', 'r1', 1, 'running', 'server-1'],
        ['billing', 'r2', 1, 'running', 'server-1'],
        ['crm', 'r1', 1, 'running', 'server-1'],
      ],
    )
    assert.equal(await repository.queued('billing'), 1)
    assert.equal(await repository.queued('crm'), 2)
    const none = { runs: [], left: false }
    assert.deepEqual(await repository.claim({ server: 'server-1', leaseMs: 1000, most: [] }), none)
  })

  test('what prepared a run is in its history, with the query that no requester is told', async (t) => {
    const { repository } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    const claimed = await claimOne(repository)
    const { runId } = claimed.run
    const outcome = sampleOutcome(claimed, 'completed')
    const prepared = { by: 'prepare.ts', connection: 'ledger', parameters: { month: '2026-10' } }
    const reply = { ...outcome.reply, prepared }
    await repository.finish({
      runId,
      epoch: 1,
      outcome: { ...outcome, reply, preparedQuery: 'SELECT :month' },
    })
    const { items: events } = await repository.events({ runId, after: 0, most: 10 })
    assert.deepEqual(events.find(({ type }) => type === 'prepared')?.data, {
      ...prepared,
      query: 'SELECT :month',
    })
    assert.deepEqual((await repository.run(runId))?.reply?.prepared, prepared)
    assert.doesNotMatch(JSON.stringify(await messagesOf(repository)), /SELECT/)
  })

  test('two servers that claim at once never get the same run', async (t) => {
    const { repository, other } = await home.open(t)
    await Promise.all(Array.from({ length: 60 }, (_, n) => repository.accept(sampleRequest(`r${n}`))))
    const taken: string[] = []
    for (let round = 0; taken.length < 60 && round < 60; round++) {
      const claims = await Promise.all(
        [repository, other, repository, other].map((each, server) =>
          each.claim({
            server: `server-${server}`,
            leaseMs: 1000,
            most: [{ application: 'billing', runs: 5 }],
          }),
        ),
      )
      taken.push(...claims.flatMap(({ runs }) => runs).map(({ run }) => run.runId))
    }
    assert.equal(taken.length, 60)
    assert.equal(new Set(taken).size, 60)
  })

  test('a renewed lease holds; one that is not renewed is recovered, with a new epoch', async (t) => {
    const { repository, pass, now } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    const first = await claimOne(repository, { leaseMs: 1000 })
    const { runId } = first.run
    pass(900)
    const renewal = {
      server: 'server-1',
      leaseMs: 1000,
      runs: [{ runId, epoch: 1, startedAtMs: now(), progress: { rows: 10, bytes: 100 } }],
    }
    assert.deepEqual(await repository.renew(renewal), [{ runId, held: true, commands: [] }])
    const run = await repository.run(runId)
    assert.deepEqual(run?.progress, { rows: 10, bytes: 100 })
    assert.equal(run.startedAtMs, now())
    pass(900)
    assert.equal((await repository.recover({ attempts: 3 })).runs, 0)
    pass(101)
    assert.equal((await repository.recover({ attempts: 3 })).runs, 1)
    assert.equal((await repository.run(runId))?.state, 'queued')

    // the sleeper wakes up while it waits, and while another has it
    const late = { runId, epoch: 1, outcome: sampleOutcome(first, 'completed') }
    assert.equal(await repository.finish(late), 'lease-lost')
    const lateFailure = { runId, epoch: 1, outcome: sampleOutcome(first, 'failed') }
    assert.equal(await repository.finish(lateFailure), 'lease-lost')
    const second = await claimOne(repository, { server: 'server-2' })
    assert.equal(second.run.epoch, 2)
    assert.equal(await repository.finish(late), 'lease-lost')
    assert.deepEqual(await repository.renew(renewal), [{ runId, held: false, commands: [] }])
    assert.deepEqual(await messagesOf(repository), [])

    await repository.finish({ runId, epoch: 2, outcome: sampleOutcome(second, 'completed') })
    assert.equal(await repository.finish(late), 'lease-lost')
    assert.deepEqual(await messagesOf(repository), ['completed to main'])
    assert.deepEqual(await eventsOf(repository, runId), [
      'accepted',
      'claimed',
      'lost',
      'claimed',
      'finished',
    ])
  })

  test('a run whose runner died goes back at once, and fails with an answer when it died too often', async (t) => {
    const { repository } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    for (let epoch = 1; epoch <= 3; epoch++) {
      const { run } = await claimOne(repository)
      assert.equal(run.epoch, epoch)
      const lost = { runId: run.runId, epoch, reason: 'signal SIGKILL', why: 'died' } as const
      const { runId, application, revision } = run
      const ended = epoch < 3 ? [] : [{ runId, application, revision, epoch }]
      assert.deepEqual(await repository.lose([lost, lost], { attempts: 3 }), ended)
      assert.deepEqual(await repository.lose([lost], { attempts: 3 }), [])
    }
    const { items } = await repository.messages({ most: 10 })
    assert.deepEqual(
      items.map(({ message, reply }) => [message, reply.status, reply.error?.code]),
      [['failed', 'failed', 'runner-died']],
    )
    const [run] = (await repository.runs({ most: 10 })).items
    assert.equal(run?.state, 'failed')
    assert.deepEqual(run.reply, items[0]?.reply)
    // the last runner was not dead after all
    const late = sampleOutcome({ run }, 'completed')
    assert.equal(await repository.finish({ runId: run.runId, epoch: 3, outcome: late }), 'lease-lost')
    assert.equal((await repository.messages({ most: 10 })).items.length, 1)
  })

  test('a hand-over is no attempt, the death of a process is held against a run, and the end of a lease is only an attempt', async (t) => {
    const { repository, pass } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    const claim = async () => (await claimOne(repository, { leaseMs: 1000 })).run
    const lose = async (why: 'died' | 'handed-over') => {
      const { runId, epoch } = await claim()
      return await repository.lose([{ runId, epoch, reason: 'a test', why }], { attempts: 3 })
    }
    for (let time = 0; time < 5; time++) assert.deepEqual(await lose('handed-over'), [])
    await claim()
    pass(1001)
    assert.deepEqual(await repository.recover({ attempts: 3 }), { runs: 1, ended: [] })
    assert.deepEqual(await lose('died'), [])
    const { runId, epoch, deaths, revision } = await claim()
    assert.deepEqual([epoch, deaths], [8, 1])
    pass(1001)
    assert.deepEqual(await repository.recover({ attempts: 3 }), {
      runs: 1,
      ended: [{ runId, application: 'billing', revision, epoch: 8 }],
    })
    const ended = await repository.run(runId)
    assert.equal(ended?.reply?.error?.code, 'runner-died')
    assert.match(ended.reply.error.message, /3/)
  })

  test('the outcome, its answers and the history are there together, and the text of the request is gone', async (t) => {
    const { repository, now } = await home.open(t)
    const request = sampleRequest('r1', {
      destinations: { outcome: ['main', 'hook'], accepted: ['main'], progress: [] },
    })
    const { run } = await endedRun(repository, request, 'completed')
    const ended = await repository.run(run.runId)
    assert.equal(ended?.state, 'completed')
    assert.equal(ended.finishedAtMs, now())
    assert.equal(ended.server, undefined)
    assert.equal(ended.reply?.sequence, 2)
    assert.deepEqual(await messagesOf(repository), [
      'accepted to main',
      'completed to main',
      'completed to hook',
    ])
    assert.equal(await repository.retry(run.runId, 'cli', 'other'), undefined)
    assert.equal((await repository.recover({ attempts: 3 })).runs, 0)
  })

  test('after an outage every lease gets one more period', async (t) => {
    const { repository, pass } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    await claimOne(repository, { leaseMs: 1000 })
    pass(60_000)
    await repository.prolongAll(1000)
    pass(999)
    assert.equal((await repository.recover({ attempts: 3 })).runs, 0)
    pass(2)
    assert.equal((await repository.recover({ attempts: 3 })).runs, 1)
  })

  test('a command to a waiting run is effective at once, and one to a running run is kept until it is', async (t) => {
    const { repository } = await home.open(t)
    const ask = (runId: string) =>
      repository.command({ runId, command: 'cancel', actor: 'token:ops', reason: 'not needed' })
    assert.deepEqual(await ask('nobody'), { is: 'run-unknown' })
    const waiting = sampleRequest('waiting')
    await repository.accept(waiting)
    assert.equal((await ask(waiting.runId)).is, 'effective')
    assert.equal((await repository.run(waiting.runId))?.state, 'cancelled')
    assert.deepEqual(await messagesOf(repository), ['cancelled to main'])
    assert.deepEqual(await ask(waiting.runId), { is: 'run-over', state: 'cancelled' })

    const running = sampleRequest('running')
    await repository.accept(running)
    const claimed = await claimOne(repository)
    const taken = await ask(running.runId)
    assert.equal(taken.is, 'accepted')
    assert.deepEqual(await ask(running.runId), taken)
    const renewal = {
      server: 'server-1',
      leaseMs: 1000,
      runs: [{ runId: running.runId, epoch: 1, startedAtMs: undefined, progress: undefined }],
    }
    const id = 'commandId' in taken ? taken.commandId : ''
    const told = [
      { runId: running.runId, held: true, commands: [{ id, command: 'cancel', reason: 'not needed' }] },
    ]
    assert.deepEqual(await repository.renew(renewal), told)
    assert.deepEqual(await repository.renew(renewal), told)
    await repository.commandEffective([id])
    assert.deepEqual((await repository.renew(renewal))[0]?.commands, [])
    await repository.finish({ runId: running.runId, epoch: 1, outcome: sampleOutcome(claimed, 'cancelled') })
    assert.deepEqual(await eventsOf(repository, running.runId), [
      'accepted',
      'claimed',
      'cancel-asked',
      'cancel-effective',
      'finished',
    ])
  })

  test('a run that should be cancelled is not begun again when its runner is lost', async (t) => {
    const { repository } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    const { run } = await claimOne(repository)
    await repository.command({ runId: run.runId, command: 'cancel', actor: 'cli', reason: '' })
    await repository.lose([{ runId: run.runId, epoch: 1, reason: 'exit code 1', why: 'died' }], {
      attempts: 3,
    })
    assert.equal((await repository.run(run.runId))?.state, 'cancelled')
    assert.deepEqual(await messagesOf(repository), ['cancelled to main'])
  })

  test('who wants progress is told of it, not more often than every five seconds', async (t) => {
    const { repository, pass } = await home.open(t)
    const destinations = { outcome: ['main'], accepted: [], progress: ['main'] }
    await repository.accept(sampleRequest('r1', { destinations }))
    const { run } = await claimOne(repository)
    for (let rows = 1; rows <= 11; rows++) {
      pass(1000)
      await repository.renew({
        server: 'server-1',
        leaseMs: 10_000,
        runs: [{ runId: run.runId, epoch: 1, startedAtMs: undefined, progress: { rows, bytes: rows * 10 } }],
      })
    }
    const { items } = await repository.messages({ most: 10 })
    assert.deepEqual(
      items.map(({ message, reply }) => [message, reply.progress]),
      [
        ['progress-1', { rows: 5, bytes: 50 }],
        ['progress-2', { rows: 10, bytes: 100 }],
      ],
    )
  })
}
