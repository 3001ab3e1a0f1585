import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { writeApplication } from '../../../../test/support/application-folder.ts'
import { openApplications } from '../applications/applications.ts'
import { openRepository } from '../repository/open-repository.ts'
import type { Repository } from '../repository/repository.ts'
import { createIntake } from './create-intake.ts'
import type { Intake, Preparing } from './intake.ts'

const connectors = await readCatalog([join(import.meta.dirname, '../../../../connectors')])
const log = { debug: () => {}, info: () => {}, warn: () => {} }

/** Of the runner. */
let build = 'build-1'

interface Opened {
  readonly intake: Intake & Preparing
  readonly repository: Repository
}

async function open(t: TestContext, policy: object = {}, ofJob: object = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-intake-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeApplication(join(folder, 'apps/shop'), 'shop', {
    connections: {
      ledger: { connector: 'postgres', config: { host: 'db.internal', database: 'ledger', user: 'u' } },
    },
    stores: { out: { connector: 'files', config: { folder: 'out' } } },
    jobs: {
      sales: {
        parameters: { year: { type: 'integer' } },
        source: { connection: 'ledger', query: 'SELECT :year' },
        output: { format: 'csv' },
        deliver: { store: 'out' },
        ...ofJob,
      },
    },
    replies: { kept: { file: { folder: 'replies' } } },
    policy: policy as Record<string, unknown>,
  })
  const repository = await openRepository(
    { sqlite: { path: join(folder, 'repository.sqlite') } },
    { stateFolder: folder, memoryMs: 86_400_000, log: () => {} },
  )
  const applications = await openApplications({
    folder: join(folder, 'apps'),
    environment: undefined,
    variables: {},
    stateFolder: join(folder, 'state'),
    catalog: connectors,
    repository,
    log,
  })
  t.after(async () => {
    await applications[Symbol.asyncDispose]()
    await repository[Symbol.asyncDispose]()
  })
  const intake = createIntake({
    applications,
    repository,
    catalog: connectors,
    runnerOf: () => build,
    seal: (text) => Promise.resolve(text.replaceAll('"hunter2"', '"sealed"')),
    now: Date.now,
  })
  return { intake, repository }
}

const arrival = (input: unknown, more: object = {}) => ({
  application: 'shop',
  input,
  actor: 'test',
  ...more,
})
const request = { requestId: 'r-1', job: 'sales', parameters: { year: 2026 } }

test('a request is kept as its text, and the same one again is known', async (t) => {
  const { intake, repository } = await open(t)
  const text = '{"requestId":"r-1","job":"sales","parameters":{"year":9007199254740993}}'
  const first = await intake.take(arrival(text))
  assert.equal(first.is, 'new')
  const again = await intake.take(arrival(text))
  assert.equal(again.is, 'under-way')
  const {
    runs: [claimed],
  } = await repository.claim({
    server: 's',
    leaseMs: 1000,
    most: [{ application: 'shop', runs: 5 }],
  })
  assert.equal(claimed?.body, text)
})

test('what a trigger knows completes a request that does not say it', async (t) => {
  const { intake, repository } = await open(t)
  const taken = await intake.take(
    arrival('{ "parameters": { "year": 2026 } }', { job: 'sales', requestId: 'key-1' }),
  )
  assert.ok(taken.is === 'new')
  assert.equal(taken.run.requestId, 'key-1')
  assert.equal(taken.run.job, 'sales')
  const empty = await intake.take(arrival('{}', { job: 'sales', requestId: 'key-2' }))
  assert.ok(empty.is === 'refused')
  assert.equal(empty.error.code, 'parameter-missing')
  const other = await intake.take(
    arrival({ requestId: 'r-9', job: 'sold', parameters: {} }, { job: 'sales' }),
  )
  assert.ok(other.is === 'refused')
  assert.equal(other.error.code, 'request-invalid')
  assert.equal(await repository.queued('shop'), 1)
})

test('a request that is wrong is answered at once, and again in the same way', async (t) => {
  const { intake, repository } = await open(t)
  const wrong = { ...request, parameters: { year: 'last' } }
  const taken = await intake.take(arrival(wrong))
  assert.ok(taken.is === 'refused')
  assert.equal(taken.error.code, 'parameter-invalid')
  assert.equal(taken.run?.state, 'failed')
  const due = await repository.takeMessages({ server: 's', most: 10, leaseMs: 1000 })
  assert.deepEqual(
    due.map(({ destination, reply }) => [destination, reply.status, reply.error?.code]),
    [['kept', 'failed', 'parameter-invalid']],
  )
  const again = await intake.take(arrival(wrong))
  assert.equal(again.is, 'answered')
})

test('the same id with other content is refused, and the first request stays as it is', async (t) => {
  const { intake } = await open(t)
  const first = await intake.take(arrival(request))
  assert.ok(first.is === 'new')
  const other = await intake.take(arrival({ ...request, parameters: { year: 1999 } }))
  assert.ok(other.is === 'refused')
  assert.equal(other.error.code, 'request-id-reused')
  assert.equal(other.run?.runId, first.run.runId)
})

test('what nobody can be answered for is unreadable', async (t) => {
  const { intake } = await open(t)
  for (const input of [
    '{',
    '[]',
    '',
    new Uint8Array([0xff]),
    Buffer.from(JSON.stringify({ ...request, context: 'café' }), 'latin1'),
    { job: 'sales' },
  ])
    assert.equal((await intake.take(arrival(input))).is, 'unreadable')
  await assert.rejects(intake.take(arrival(request, { application: 'shed' })), {
    code: 'application-unknown',
  })
})

test('a full queue takes no more, and says so to be asked again', async (t) => {
  const { intake } = await open(t, { limits: { queued: 2 } })
  for (const requestId of ['a', 'b']) await intake.take(arrival({ ...request, requestId }))
  await assert.rejects(intake.take(arrival({ ...request, requestId: 'c' })), {
    code: 'queue-full',
    kind: 'quota',
  })
})

test('credentials in clear are sealed before anything is kept, and do not decide whether a request is the same', async (t) => {
  const { intake, repository } = await open(t, {
    adHoc: { connectors: ['postgres'], plainCredentials: 'allow' },
  })
  const adHoc = (password: string): object => ({
    requestId: 'r-1',
    source: {
      connector: 'postgres',
      config: { host: 'db.internal', database: 'a', user: 'u' },
      credentials: { password },
      query: 'SELECT 1',
    },
  })
  assert.equal((await intake.take(arrival(adHoc('hunter2')))).is, 'new')
  assert.equal((await intake.take(arrival(adHoc('another')))).is, 'under-way')
  const {
    runs: [claimed],
  } = await repository.claim({
    server: 's',
    leaseMs: 1000,
    most: [{ application: 'shop', runs: 5 }],
  })
  assert.ok(claimed?.body.includes('"sealed"') && !claimed.body.includes('hunter2'))
  // what is only looked at leaves this process as sealed, and is kept nowhere
  const prepared = await intake.prepare(
    arrival({ ...adHoc('hunter2'), requestId: undefined }, { requestId: 'p-1' }),
  )
  assert.ok(prepared.includes('"sealed"') && prepared.includes('p-1') && !prepared.includes('hunter2'))
  assert.equal(await repository.queued('shop'), 0)
  const { intake: strict } = await open(t, {
    adHoc: { connectors: ['postgres'], plainCredentials: 'refuse' },
  })
  await assert.rejects(strict.prepare(arrival(adHoc('hunter2'))), { kind: 'policy' })
})

test('identical requests of one caller share a result where the job lets them, and no others', async (t) => {
  const { intake, repository } = await open(t, {}, { reuse: { within: 'PT1H' } })
  const take = async (requestId: string, more: object = {}, actor = 'token:a') => {
    const taken = await intake.take({ ...arrival({ ...request, requestId, ...more }), actor })
    assert.ok(taken.is === 'new')
    return taken.run
  }
  const first = await take('first')
  assert.equal(first.waitsFor, undefined)
  assert.equal((await take('second', { context: { cell: 'B7' } })).waitsFor, first.runId)
  assert.equal((await take('other-year', { parameters: { year: 2025 } })).waitsFor, undefined)
  assert.equal((await take('other-caller', {}, 'token:b')).waitsFor, undefined)
  const fresh = await take('fresh', { fresh: true })
  assert.equal(fresh.waitsFor, undefined)
  assert.equal((await take('third')).waitsFor, fresh.runId)
  assert.equal(await repository.queued('shop'), 6)
  t.after(() => (build = 'build-1'))
  build = 'build-2'
  assert.equal((await take('another-build')).waitsFor, undefined)

  const { intake: plain } = await open(t)
  for (const requestId of ['a', 'b']) {
    const taken = await plain.take(arrival({ ...request, requestId }))
    assert.ok(taken.is === 'new' && taken.run.waitsFor === undefined)
  }
})
