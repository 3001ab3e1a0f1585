import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Claim } from '../claim.ts'
import type { Repository } from '../repository.ts'
import { sampleOutcome, sampleRequest } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

const needs = (system?: string): { readonly alone: boolean; readonly systems: readonly string[] } => ({
  alone: false,
  systems: system === undefined ? [] : [system],
})

async function queue(
  repository: Repository,
  application: string,
  ...runs: readonly (readonly [id: string, system?: string])[]
): Promise<void> {
  for (const [id, system] of runs)
    await repository.accept(sampleRequest(id, { application, lane: needs(system) }))
}

async function claimed(repository: Repository, claim: Partial<Claim> = {}): Promise<readonly string[]> {
  const { runs } = await repository.claim({
    server: 'server-1',
    leaseMs: 1000,
    most: ['billing', 'crm'].map((application) => ({ application, runs: 10 })),
    systems: [{ system: 'ledger', runs: 2 }],
    ...claim,
  })
  return runs.map(({ run }) => `${run.application} ${run.requestId}`)
}

/** Who waits for what, and how much of it there is for all servers. */
export function laneCases(home: TestHome): void {
  test('no more runs are at a system than its budget, and none for another system waits behind them', async (t) => {
    const { repository } = await home.open(t)
    await queue(
      repository,
      'billing',
      ['r1', 'ledger'],
      ['r2', 'ledger'],
      ['r3', 'ledger'],
      ['r4', 'lake'],
      ['r5'],
    )
    await queue(repository, 'crm', ['r1', 'ledger'], ['r2'])
    assert.deepEqual(await claimed(repository), [
      'billing r1',
      'billing r4',
      'billing r5',
      'crm r1',
      'crm r2',
    ])
    assert.deepEqual(await claimed(repository), [])
    const { lanes, running } = await repository.waiting(['billing', 'crm'])
    assert.deepEqual(lanes, [{ application: 'billing', ...needs('ledger') }])
    assert.deepEqual(Object.fromEntries(running.map(({ system, runs }) => [system, runs])), {
      ledger: 2,
      lake: 1,
    })
    // who knows of no budget keeps none
    assert.deepEqual(await claimed(repository, { systems: [] }), ['billing r2', 'billing r3'])
  })

  test('a place at a system is free again when its run ends, is lost, or its server is not heard of', async (t) => {
    const { repository, pass } = await home.open(t)
    await queue(
      repository,
      'billing',
      ['r1', 'ledger'],
      ['r2', 'ledger'],
      ['r3', 'ledger'],
      ['r4', 'ledger'],
      ['r5', 'ledger'],
    )
    const systems = [{ system: 'ledger', runs: 1 }]
    const most = [{ application: 'billing', runs: 10 }]
    const {
      runs: [first],
    } = await repository.claim({ server: 'a', leaseMs: 1000, most, systems })
    assert.ok(first)
    assert.deepEqual(await claimed(repository, { systems }), [])
    await repository.finish({ runId: first.run.runId, epoch: 1, outcome: sampleOutcome(first, 'completed') })
    const {
      runs: [second],
    } = await repository.claim({ server: 'a', leaseMs: 1000, most, systems })
    assert.equal(second?.run.requestId, 'r2')
    const lost = { runId: second.run.runId, epoch: 1, reason: 'a test', why: 'handed-over' } as const
    await repository.lose([lost], { attempts: 3 })
    assert.deepEqual(await claimed(repository, { systems, server: 'b' }), ['billing r2'])
    pass(999)
    await repository.recover({ attempts: 3 })
    assert.deepEqual(await claimed(repository, { systems }), [])
    pass(2)
    await repository.recover({ attempts: 3 })
    assert.deepEqual(await claimed(repository, { systems }), ['billing r2'])
  })

  test('two servers that claim at once keep one budget', async (t) => {
    const { repository, other } = await home.open(t)
    const runs = Array.from({ length: 40 }, (_, run) => [`r${run}`, 'ledger'] as const)
    await queue(repository, 'billing', ...runs)
    let most = 0
    const ended = new Set<string>()
    for (let round = 0; ended.size < 40 && round < 200; round++) {
      const shares = [{ application: 'billing', runs: 10 }]
      const claims = await Promise.all(
        [repository, other, repository, other].map((each, server) =>
          each.claim({
            server: `server-${server}`,
            leaseMs: 1000,
            most: shares,
            systems: [{ system: 'ledger', runs: 3 }],
          }),
        ),
      )
      const { running } = await repository.waiting(['billing', 'crm'])
      most = Math.max(most, running[0]?.runs ?? 0)
      for (const run of claims.flatMap(({ runs }) => runs)) {
        const { runId, epoch } = run.run
        await repository.finish({ runId, epoch, outcome: sampleOutcome(run, 'completed') })
        ended.add(runId)
      }
    }
    assert.equal(ended.size, 40)
    assert.equal(most, 3)
  })

  test('a claim says whether more waits than there was room for', async (t) => {
    const { repository } = await home.open(t)
    const leftOf = async (...most: Claim['most']): Promise<boolean> =>
      (await repository.claim({ server: 'a', leaseMs: 1000, most })).left
    await queue(repository, 'billing', ['r1'], ['r2'], ['r3'], ['r4'])
    assert.equal(await leftOf({ application: 'billing', runs: 0 }), true)
    assert.equal(await leftOf({ application: 'billing', runs: 2 }), true)
    assert.equal(await leftOf({ application: 'crm', runs: 9 }), false)
    assert.equal(await leftOf({ application: 'crm', runs: 9 }, { application: 'billing', runs: 9 }), false)
    assert.equal(await repository.queued('billing'), 0)
    await queue(repository, 'billing', ['r5', 'ledger'], ['r6', 'ledger'])
    const systems = [{ system: 'ledger', runs: 1 }]
    const most = [{ application: 'billing', runs: 9 }]
    assert.equal((await repository.claim({ server: 'a', leaseMs: 1000, most, systems })).left, true)
  })

  test('how long a run has waited is kept, over all its times in the queue', async (t) => {
    const { repository, pass, now } = await home.open(t)
    const request = sampleRequest('r1')
    await repository.accept(request)
    pass(700)
    const claim = { server: 'a', leaseMs: 1000, most: [{ application: 'billing', runs: 1 }] }
    const {
      runs: [first],
    } = await repository.claim(claim)
    assert.equal(first?.run.waitedMs, 700)
    pass(5000)
    await repository.recover({ attempts: 3 })
    const waiting = await repository.run(request.runId)
    assert.deepEqual([waiting?.state, waiting?.waitedMs, waiting?.queuedAtMs], ['queued', 700, now()])
    pass(40)
    assert.equal((await repository.claim(claim)).runs[0]?.run.waitedMs, 740)
  })

  test('a run whose process died needs one of its own, and holds up none of its application', async (t) => {
    const { repository } = await home.open(t)
    await queue(repository, 'billing', ['r1'], ['r2'])
    const share = { application: 'billing', runs: 1, processes: [] }
    const {
      runs: [first],
    } = await repository.claim({ server: 'a', leaseMs: 1000, most: [share] })
    assert.ok(first)
    const { runId } = first.run
    await repository.lose([{ runId, epoch: 1, reason: 'a test', why: 'died' }], { attempts: 3 })
    assert.equal((await repository.run(runId))?.lane.alone, true)
    const most = [{ application: 'billing', runs: 5, processes: [] }]
    assert.deepEqual(await claimed(repository, { most }), ['billing r2'])
    const free = [{ application: 'billing', runs: 0, processes: [1] }]
    assert.deepEqual(await claimed(repository, { most: free }), ['billing r1'])
  })

  test('the attempt that follows one needs the same', async (t) => {
    const { repository } = await home.open(t)
    const request = sampleRequest('r1', { lane: { alone: true, systems: ['ledger'] } })
    await repository.accept(request)
    const {
      runs: [first],
    } = await repository.claim({
      server: 'a',
      leaseMs: 1000,
      most: [{ application: 'billing', runs: 1 }],
    })
    assert.ok(first)
    await repository.finish({ runId: request.runId, epoch: 1, outcome: sampleOutcome(first, 'failed') })
    const again = await repository.retry(request.runId, 'cli', 'run-2')
    assert.deepEqual(again?.lane, { alone: true, systems: ['ledger'] })
  })
}
