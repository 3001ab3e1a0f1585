/** Every statement of the operations finds its rows by an index. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Kysely } from 'kysely'
import { fixedConnection } from '../fixed-connection.ts'
import { migrate } from '../migrate.ts'
import type { Scope } from '../operation.ts'
import { type ArgsOf, type OperationName, operations, type ResultOf } from '../operations/operations.ts'
import { sampleDelivery, sampleOutcome, sampleRequest, sampleRunId } from '../suite/samples.test-support.ts'
import type { Tables } from '../tables.ts'
import { sqliteConnection } from './sqlite-connection.ts'
import { sqliteColumns, sqliteDialect, sqliteTraits } from './sqlite-traits.ts'

test('no statement looks through a whole table that grows', async () => {
  using database = new DatabaseSync(':memory:')
  const statements = new Map<string, OperationName>()
  let current: OperationName = 'accept'
  const db = new Kysely<Tables>({
    dialect: fixedConnection(sqliteDialect, sqliteConnection(database)),
    log: ({ query }) => void statements.set(query.sql, current),
  })
  await migrate(db, sqliteColumns)
  statements.clear()
  const nowMs = 1_800_000_000_000
  const scope: Scope = { db, nowMs, traits: sqliteTraits, changed: () => undefined }
  async function call<Name extends OperationName>(name: Name, args: ArgsOf<Name>): Promise<ResultOf<Name>> {
    current = name
    return (await (operations[name] as (scope: Scope, args: ArgsOf<Name>) => unknown)(
      scope,
      args,
    )) as ResultOf<Name>
  }

  const request = sampleRequest('r1', {
    destinations: { outcome: ['main'], accepted: ['main'], progress: ['main'] },
  })
  const arrived = { request, memoryMs: 1000, refusal: undefined }
  const most = ['billing', 'crm'].map((application) => ({ application, runs: 3 }))
  await call('accept', arrived)
  const {
    runs: [claimed],
  } = await call('claim', { server: 's', leaseMs: 1000, most })
  assert.ok(claimed)
  const { runId } = claimed.run
  await call('command', {
    id: 'c1',
    command: { runId, command: 'cancel', actor: 'cli', reason: '' },
  })
  const progress = { rows: 1, bytes: 1 }
  const held = { runId, epoch: 1, startedAtMs: nowMs, progress }
  await call('renew', { server: 's', leaseMs: 1000, runs: [held] })
  await call('commandEffective', ['c1'])
  await call('lose', { runs: [{ runId, epoch: 2, reason: '', why: 'died' }], policy: { attempts: 3 } })
  await call('recover', { attempts: 3 })
  await call('prolongAll', 1000)
  const lasting = { ...request, digest: 'd2', runId: sampleRunId() }
  await call('accept', { ...arrived, request: lasting })
  const {
    runs: [second],
  } = await call('claim', { server: 's', leaseMs: 1000, most })
  assert.ok(second)
  const delivery = { ...sampleDelivery, keptUntilMs: 1 }
  const outcome = { ...sampleOutcome(second, 'completed'), delivery }
  const lease = { leaseMs: 1000, except: ['billing/other'] }
  await call('finish', { finished: { runId: lasting.runId, epoch: 1, outcome }, lease })
  const finished = { runId, epoch: 1, outcome: sampleOutcome(claimed, 'failed') }
  await call('finish', { finished, lease: undefined })
  await call('accept', { ...arrived, request: { ...request, runId: sampleRunId() } })
  await call('accept', { ...arrived, request: { ...request, runId: sampleRunId(), contentDigest: 'b' } })
  const reuse = { key: 'k', withinMs: 1000, fresh: false }
  for (const digest of ['s1', 's2', 's3'])
    await call('accept', { ...arrived, request: { ...request, digest, reuse, runId: sampleRunId() } })
  const {
    runs: [shared],
  } = await call('claim', { server: 's', leaseMs: 1000, most })
  assert.ok(shared)
  const made = { ...sampleOutcome(shared, 'completed'), delivery: sampleDelivery }
  await call('finish', {
    finished: { runId: shared.run.runId, epoch: 1, outcome: made },
    lease: undefined,
  })
  await call('settleWaiting', 10)
  await call('queued', 'billing')
  await call('waiting', ['billing', 'crm'])
  const taken = await call('takeMessages', { server: 's', most: 10, leaseMs: 1000 })
  const ids = taken.map(({ id }) => id)
  await call('giveBackMessages', ids)
  await call('messageFailed', { id: ids[0] ?? '', error: '', retryAt: 1, givenUp: true })
  await call('messagesSent', ids)
  await call('resend', { runId, actor: 'cli', destinations: ['main'] })
  await call('retry', { runId, actor: 'cli', newRunId: sampleRunId() })
  await call('run', runId)
  await call('runs', { most: 10 })
  await call('runs', { application: 'billing', before: 'x', most: 10 })
  await call('runs', { state: 'failed', most: 10 })
  await call('runs', { requestId: 'r1', most: 10 })
  await call('events', { runId, after: 0, most: 10 })
  await call('events', { application: 'billing', after: 0, most: 10 })
  await call('events', { after: 0, most: 10 })
  await call('messages', { runId, most: 10 })
  await call('messages', { state: 'failed', most: 10 })
  await call('outbox', undefined)
  await call('appendLog', [{ runId, epoch: 1, number: 1, text: '' }])
  await call('log', { runId, after: 0, most: 10 })
  await call('fired', { application: 'billing', trigger: 't', after: 1, at: 2 })
  await call('tokenByHash', 'abc')
  const revision = {
    application: 'billing',
    digest: 'd1',
    bundle: '{}',
    origin: 'api',
    actor: 'cli',
  } as const
  await call('applyRevision', revision)
  await call('applyRevision', { ...revision, digest: 'd2', expected: 'd1' })
  await call('makeRevisionCurrent', { application: 'billing', number: 1, actor: 'cli' })
  await call('setRevisionAside', {
    application: 'billing',
    digest: 'd1',
    code: 'c',
    message: 'm',
    actor: 's',
  })
  await call('revisionWorks', { application: 'billing', digest: 'd1' })
  await call('revisions', { application: 'billing', before: 9, most: 10 })
  await call('revisionBundle', { application: 'billing', digest: 'd1' })
  const others = ['crm', 'shop'].map((application) => ({ ...revision, application }))
  await call('applyChange', { revisions: others, removals: [{ application: 'crm' }], actor: 'cli' })
  await call('applicationEvents', { application: 'crm', before: 99, most: 10 })
  const onNext = [{ application: 'shop', before: null }]
  await call('setEngines', { applications: onNext, engine: 'next', actor: 'cli' })
  await call('setEngineAside', { application: 'shop', engine: 'next', code: '', message: '', actor: 's' })
  await call('removeApplication', { application: 'billing', actor: 'cli' })
  await call('sweep', { requestsMs: 0, runsMs: 0, logsMs: 0, revisionsMs: 0 })
  await call('expireResults', { applications: ['billing', 'crm'], most: 10, retryMs: 1 })
  await call('resultsGone', [runId])
  assert.ok(statements.size > 50, `${statements.size} statements`)

  const scans: string[] = []
  for (const [sql, name] of statements) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    for (const { detail } of plan) {
      const step = String(detail)
      // a part of the query, an order by the primary key that ends at a limit, or the due messages by their destinations
      const small =
        /^SCAN (waiting|found|asked|of_place|places|\(subquery|\d+-ROW VALUES|\d+ CONSTANT ROWS?)/.test(step)
      const limited = / limit \?/.test(sql) && !sql.startsWith('delete')
      if (step.startsWith('SCAN') && !small && !limited) scans.push(`${name}: ${step} in ${sql}`)
      // of those that wait, what is asked for, and not one after the other
      const isOfWaiting = /^\s*(select|with)[^]*state"? = 'queued'/.test(sql) && name !== 'sweep'
      if (isOfWaiting && step.startsWith('SEARCH runs') && !step.includes('INDEX runs_waiting'))
        scans.push(`${name}: ${step} in ${sql}`)
    }
  }
  assert.deepEqual(scans, [])
})
