import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CronTrigger, fault, readRequest } from '@bulkhead/contract'
import type { ServedApplication } from '../../applications/applications.ts'
import type { Arrival, Taken } from '../../intake/intake.ts'
import type { Repository, RunRecord } from '../../repository/repository.ts'
import type { TriggerContext } from '../trigger.ts'
import { startCronTrigger } from './cron-trigger.ts'

const source = '/bulkhead/applications/shop/triggers/nightly'

/** What all servers share: the memory of the schedule, and runs by their request. */
function shared() {
  const runs = new Map<string, RunRecord>()
  const arrivals: Arrival[] = []
  const state = { lastFired: undefined as number | undefined, away: false }
  const repository: TriggerContext['repository'] = {
    async lastFired() {
      return state.lastFired
    },
    async fired({ after, at }) {
      if (state.lastFired !== after) return false
      state.lastFired = at
      return true
    },
    async runs({ state: wanted }: Parameters<Repository['runs']>[0]) {
      return { items: [...runs.values()].filter((run) => run.state === wanted), next: undefined }
    },
  }
  async function take(arrival: Arrival): Promise<Taken> {
    if (state.away) throw fault('repository-unavailable', 'The repository cannot be reached')
    const { id, source: requestSource } = readRequest(arrival.input)
    arrivals.push(arrival)
    const known = runs.get(id)
    if (known !== undefined) return { is: 'under-way', run: known }
    const run = { requestId: id, requestSource, state: 'running' } as RunRecord
    runs.set(id, run)
    return { is: 'new', run }
  }
  return {
    runs,
    arrivals,
    state,
    repository,
    intake: { take },
    end: () => {
      for (const [id, run] of runs) runs.set(id, { ...run, state: 'completed' })
    },
  }
}

function start(t: TestContext, world: ReturnType<typeof shared>, cron: Partial<CronTrigger>, offsetMs = 0) {
  const warnings: string[] = []
  const trigger = startCronTrigger(
    {
      cron: { schedule: '* * * * * *', timeZone: 'UTC', overlap: 'allow', catchUp: 0, ...cron },
      job: 'report',
      parameters: { at: { fromSchedule: { format: 'HH:mm:ss' } }, kind: 'nightly' },
    },
    {
      served: { application: { name: 'shop' } } as unknown as ServedApplication,
      name: 'nightly',
      intake: world.intake,
      repository: world.repository,
      clusters: new Map(),
      retention: { requests: 'P30D', runs: 'P90D', logs: 'P14D', revisions: 'P365D' },
      log: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message) },
      now: () => Date.now() + offsetMs,
    },
  )
  t.after(() => trigger.stop())
  return { trigger, warnings }
}

// real seconds pass: side by side
describe('a schedule', { concurrency: true }, () => {
  test('asks once for each time, though two servers follow the schedule', async (t) => {
    const world = shared()
    start(t, world, {})
    start(t, world, {})
    await sleep(2600)
    const times = [...world.runs.keys()].map((id) => Date.parse(id.replace('nightly@', '')))
    assert.ok(times.length === 2 || times.length === 3, String(times.length))
    assert.ok(times.every((time, index) => index === 0 || time - (times[index - 1] ?? 0) === 1000))
    const [arrival = assert.fail()] = world.arrivals
    const { data } = readRequest(arrival.input)
    const first = new Date(times[0] ?? 0).toISOString()
    assert.deepEqual(data.parameters, { at: first.slice(11, 19), kind: 'nightly' })
    assert.deepEqual([data.job, arrival.actor, arrival.madeAtMs], ['report', 'cron:nightly', times[0]])
    assert.equal(world.state.lastFired, times.at(-1))
  })

  test('leaves a time out while the run before is open, or waits for it, as it is told', async (t) => {
    const [skipping, queueing] = [shared(), shared()]
    const { warnings } = start(t, skipping, { overlap: 'skip' })
    const { trigger } = start(t, queueing, { overlap: 'queue' })
    await sleep(3300)
    assert.equal(skipping.runs.size, 1)
    assert.ok(warnings.some((warning) => /leaves out .*the run before is not over$/.test(warning)))
    assert.equal(queueing.runs.size, 1)
    assert.ok((trigger.status().lag ?? 0) >= 2)
    const end = setInterval(() => {
      skipping.end()
      queueing.end()
    }, 20)
    await sleep(2500)
    clearInterval(end)
    assert.ok(skipping.runs.size >= 2)
    const times = [...queueing.runs.keys()].map((id) => Date.parse(id.replace('nightly@', '')))
    assert.ok(times.length >= 3)
    assert.ok(times.every((time, index) => index === 0 || time - (times[index - 1] ?? 0) === 1000))
  })

  test('makes good as many missed times as it should, the latest ones, and one that is just late', async (t) => {
    const hour = 3_600_000
    const begin = Date.parse('2026-11-21T00:10:00Z')
    for (const [catchUp, later, expected] of [
      [0, 5 * hour, []],
      [2, 5 * hour, ['04:00', '05:00']],
      [9, 2 * hour, ['01:00', '02:00']],
      [0, 50 * 60_000 + 20_000, ['01:00']],
    ] as const) {
      const world = shared()
      world.state.lastFired = begin
      const { trigger } = start(t, world, { schedule: '0 * * * *', catchUp }, begin + later - Date.now())
      await sleep(150)
      assert.deepEqual(
        [...world.runs.keys()].map((id) => id.slice('nightly@2026-11-21T'.length, -'00.000Z'.length - 1)),
        expected,
      )
      await trigger.stop()
    }
  })

  test('begins a new schedule now, and forgets no time while the repository is away', async (t) => {
    const world = shared()
    const { trigger } = start(t, world, {})
    world.state.away = true
    await sleep(2300)
    assert.equal(world.runs.size, 0)
    assert.equal(trigger.status().isReady, false)
    assert.equal(trigger.status().reason, 'The repository cannot be reached')
    world.state.away = false
    await sleep(2000)
    assert.ok(world.runs.size >= 3)
    assert.equal(trigger.status().isReady, true)
  })

  test('is not ready when its schedule is none, and says why', async (t) => {
    const { trigger } = start(t, shared(), { schedule: '61 * * * *' })
    await sleep(20)
    assert.equal(trigger.status().isReady, false)
    assert.match(trigger.status().reason ?? '', /^The schedule "61 \* \* \* \*" in UTC cannot be understood/)
  })

  // so that a request of the trigger is not mistaken for one of somebody else
  test('gives its requests the source of the trigger', async (t) => {
    const world = shared()
    start(t, world, {})
    await sleep(1200)
    assert.ok([...world.runs.values()].every(({ requestSource }) => requestSource === source))
    assert.ok(world.runs.size > 0)
  })
})
