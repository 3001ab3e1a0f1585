import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SourceReport, StoredReply } from '@bulkhead/contract'
// @ts-expect-error it has no types
import parseText from 'parse-prometheus-text-format'
import type { RunnerStatus } from '../dispatch/runners.ts'
import type { OutboxMessage, Repository } from '../repository/repository.ts'
import { createMetrics, type MetricsOptions } from './metrics.ts'

/** What the parser cannot read, Prometheus cannot either. */
const parseMetrics = parseText as (
  text: string,
) => readonly { readonly name: string; readonly help: string; readonly type: string }[]

/** A double that answers every call with nothing, and what a test says. */
function repositoryWith(answers: Partial<Record<keyof Repository, unknown>> = {}): Repository {
  const calls = new Proxy({} as Repository, {
    get: (_, name) => () => {
      const answer = answers[name as keyof Repository]
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
  })
  return calls
}

function metricsWith(t: TestContext, options: Partial<MetricsOptions> = {}) {
  const metrics = createMetrics({
    applications: () => ['billing', 'shop'],
    repository: repositoryWith({ queued: 3, outbox: [{ state: 'due', messages: 2, oldestAtMs: 1_000 }] }),
    revisions: () => [
      { application: 'billing', number: 3, setAside: 0 },
      { application: 'broken', number: undefined, setAside: 1 },
    ],
    runners: () => [],
    triggers: () => [],
    engines: () => [
      { engine: '1.1.0', isUsable: true },
      { engine: '1.2.0', isUsable: false },
    ],
    now: () => 61_000,
    ...options,
  })
  t.after(() => metrics.close())
  const value = async (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const { text } = await metrics.expose()
    const line = text.split('\n').find((one) => {
      const own = Object.entries(labels).every(([label, is]) => one.includes(`${label}="${is}"`))
      return one.startsWith(name) && /[{ ]/.test(one[name.length] ?? '') && own
    })
    return line === undefined ? undefined : Number(line.split(' ').at(-1))
  }
  return { metrics, value }
}

const request = { application: 'billing' } as Parameters<Repository['accept']>[0]

function reply(more: Partial<StoredReply> = {}): StoredReply {
  return {
    requestId: 'r',
    runId: 'run-id-of-this-run',
    application: 'billing',
    job: 'invoices',
    attempt: 1,
    sequence: 1,
    status: 'completed',
    connection: 'ledger',
    warnings: [],
    acceptedAt: '2026-11-21T00:00:00.000Z',
    startedAt: '2026-11-21T00:00:01.000Z',
    finishedAt: '2026-11-21T00:00:03.000Z',
    result: { rows: 10, bytes: 100, files: [] },
    ...more,
  }
}

test('counts what its server does: requests, runs, rows, retries, fallbacks, answers', async (t) => {
  const { metrics, value } = metricsWith(t)
  const source: SourceReport = {
    faults: [{ connection: 'ledger', code: 'postgres-connect-timeout', count: 4 }],
    opened: ['ledger'],
    fallback: true,
  }
  const messages = [{ id: 'm1', application: 'billing' }] as OutboxMessage[]
  const run = { application: 'billing', waitedMs: 1_000 }
  const repository = metrics.observe(
    repositoryWith({
      accept: { is: 'new', run: {} },
      refuse: { is: 'new' },
      claim: { runs: [{ run }], left: false },
      finish: 'finished',
      recover: { runs: 2, ended: [] },
      takeMessages: messages,
    }),
  )
  await repository.accept(request)
  await repository.refuse(request, reply({ status: 'failed' }))
  await repository.claim({ server: 's', leaseMs: 1, most: [] })
  await repository.finish({ runId: 'r', epoch: 1, outcome: { reply: reply() } })
  await repository.finish({
    runId: 'r',
    epoch: 1,
    outcome: { reply: reply({ connection: 'replica', tries: 3 }), source },
    engine: '1.1.0 1.1.0+0123456789ab',
  })
  await repository.recover({ attempts: 3 })
  await repository.takeMessages({ server: 's', most: 1, leaseMs: 1 })
  await repository.messageFailed({ id: 'm1', error: 'x', retryAt: 0, givenUp: false })
  await repository.messagesSent(['m1'])

  const billing = { application: 'billing' }
  assert.equal(await value('bulkhead_requests_total', { ...billing, is: 'new' }), 1)
  assert.equal(await value('bulkhead_requests_total', { ...billing, is: 'refused' }), 1)
  for (const [status, engine] of [
    ['completed', 'none'],
    ['completed', '1.1.0'],
    ['failed', 'none'],
  ] as const)
    assert.equal(await value('bulkhead_runs_total', { ...billing, status, engine }), 1)
  assert.equal(await value('bulkhead_engine_usable', { engine: '1.1.0' }), 1)
  assert.equal(await value('bulkhead_engine_usable', { engine: '1.2.0' }), 0)
  assert.equal(await value('bulkhead_run_duration_seconds_sum', billing), 4)
  assert.equal(await value('bulkhead_run_queue_seconds_sum', billing), 1)
  assert.equal(await value('bulkhead_result_rows_total', billing), 20)
  assert.equal(await value('bulkhead_result_bytes_total', billing), 200)
  assert.equal(await value('bulkhead_source_retries_total', billing), 2)
  assert.equal(await value('bulkhead_source_fallbacks_total', billing), 1)
  const ledger = { ...billing, connection: 'ledger' }
  const late = { ...ledger, code: 'postgres-connect-timeout' }
  assert.equal(await value('bulkhead_source_faults_total', late), 4)
  assert.equal(await value('bulkhead_breaker_opened_total', ledger), 1)
  assert.equal(await value('bulkhead_runs_lost_total', { reason: 'lease-ran-out' }), 2)
  assert.equal(await value('bulkhead_replies_total', { ...billing, outcome: 'failed' }), 1)
  assert.equal(await value('bulkhead_replies_total', { ...billing, outcome: 'sent' }), 1)
  assert.equal(
    await value('bulkhead_repository_duration_seconds_count', { operation: 'finish', outcome: 'ok' }),
    2,
  )
})

test('an outcome that came too late is counted by who has the run now', async (t) => {
  const { metrics, value } = metricsWith(t)
  const repository = metrics.observe(repositoryWith({ finish: 'lease-lost' }))
  await repository.finish({ runId: 'r', epoch: 1, outcome: { reply: reply() } })
  assert.equal(await value('bulkhead_runs_total', { application: 'billing' }), undefined)
})

test('a call that fails is timed as failed, and fails for its caller', async (t) => {
  const { metrics, value } = metricsWith(t)
  const repository = metrics.observe(repositoryWith({ accept: new Error('away') }))
  await assert.rejects(repository.accept(request), { message: 'away' })
  assert.equal(
    await value('bulkhead_repository_duration_seconds_count', { operation: 'accept', outcome: 'failed' }),
    1,
  )
})

test('reads queues, outbox, runners and triggers when it is asked', async (t) => {
  const runner: RunnerStatus = {
    pid: 1,
    application: 'shop',
    runs: ['a', 'b'],
    startedAtMs: 0,
    memoryBytes: 500,
    walls: [],
    breakers: [],
  }
  const { value } = metricsWith(t, {
    runners: () => [runner, { ...runner, pid: 2 }],
    triggers: () => [
      { application: 'shop', trigger: 'requests', isReady: true, lag: 7 },
      { application: 'shop', trigger: 'nightly', isReady: false, lag: undefined },
    ],
  })
  assert.equal(await value('bulkhead_queue_runs', { application: 'billing' }), 3)
  assert.equal(await value('bulkhead_outbox_messages', { state: 'due' }), 2)
  assert.equal(await value('bulkhead_outbox_oldest_seconds', { state: 'due' }), 60)
  assert.equal(await value('bulkhead_runner_processes', { application: 'shop' }), 2)
  assert.equal(await value('bulkhead_runner_memory_bytes', { application: 'shop' }), 1000)
  assert.equal(await value('bulkhead_runner_runs', { application: 'shop' }), 4)
  assert.equal(await value('bulkhead_trigger_ready', { trigger: 'requests' }), 1)
  assert.equal(await value('bulkhead_trigger_ready', { trigger: 'nightly' }), 0)
  assert.equal(await value('bulkhead_trigger_lag', { trigger: 'requests' }), 7)
  assert.equal(await value('bulkhead_trigger_lag', { trigger: 'nightly' }), undefined)
})

test('a repository that is away leaves out what it would have said, and nothing else', async (t) => {
  const { metrics } = metricsWith(t, {
    repository: repositoryWith({ queued: new Error('away'), outbox: new Error('away') }),
  })
  const { text } = await metrics.expose()
  assert.ok(text.includes('process_resident_memory_bytes'))
  assert.ok(!/^bulkhead_queue_runs\{/m.test(text))
})

test('labels are bounded: an application that is not served is one of the unknown, and a run is none', async (t) => {
  const { metrics } = metricsWith(t)
  const repository = metrics.observe(repositoryWith({ accept: { is: 'new', run: {} }, finish: 'finished' }))
  for (let at = 0; at < 100; at++) await repository.accept({ ...request, application: `stranger-${at}` })
  await repository.finish({ runId: 'r', epoch: 1, outcome: { reply: reply({ application: 'gone' }) } })
  const { text } = await metrics.expose()
  assert.ok(!text.includes('stranger'))
  assert.ok(!text.includes('run-id-of-this-run'))
  assert.match(text, /bulkhead_requests_total\{application="unknown",is="new"\} 100/)
})

test('what is exposed is the text format of Prometheus, by its rules of names', async (t) => {
  const { metrics } = metricsWith(t)
  metrics.httpAnswered({ method: 'GET', route: '/api/v1/runs/{runId}', status: 200, ms: 5 })
  const { type, text } = await metrics.expose()
  assert.match(type, /^text\/plain; version=0\.0\.4/)
  const all = parseMetrics(text)
  // what `promtool check metrics` holds against names
  for (const { name, type: kind } of all) assert.equal(name.endsWith('_total'), kind === 'COUNTER', name)
  const families = all.filter(({ name }) => name.startsWith('bulkhead_'))
  assert.ok(families.length > 15)
  for (const { name, help, type: kind } of families) {
    assert.match(name, /^[a-z][a-z0-9_]*$/)
    assert.ok(help.length > 5, name)
    assert.notEqual(kind, 'UNTYPED', name)
    assert.doesNotMatch(name, /_(milliseconds|ms|minutes|hours|kilobytes|count|sum|bucket|info)$/, name)
    assert.ok(!name.includes(kind.toLowerCase()), name)
  }
  const histograms = families.filter(({ type: kind }) => kind === 'HISTOGRAM')
  assert.ok(histograms.length >= 4 && histograms.every(({ name }) => name.endsWith('_seconds')))
})

test('requests that shared a result are counted, by whether they waited for it', async (t) => {
  const { metrics, value } = metricsWith(t)
  const [reused, own] = [{ application: 'billing', reusedFrom: 'first' }, { application: 'billing' }]
  const atOnce = metrics.observe(repositoryWith({ accept: { is: 'new', run: reused } }))
  const asked = metrics.observe(repositoryWith({ accept: { is: 'new', run: own } }))
  const waited = metrics.observe(
    repositoryWith({ settleWaiting: { answered: [reused, reused], more: false } }),
  )
  await atOnce.accept(request)
  await asked.accept(request)
  await waited.settleWaiting(10)
  const name = 'bulkhead_requests_reused_total'
  assert.equal(await value(name, { application: 'billing', how: 'at-once' }), 1)
  assert.equal(await value(name, { application: 'billing', how: 'waited' }), 2)
})
