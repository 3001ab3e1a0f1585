/** What only a server on the network has: it goes away, falls silent, and takes answers with it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import {
  createDatabase,
  createRole,
  execute,
  type TestDatabase,
} from '../../../../../test/support/postgres.ts'
import { startProxy } from '../../../../../test/support/proxy.ts'
import { openRepository } from '../open-repository.ts'
import type { Change, Repository } from '../repository.ts'
import { claimOne, endedRun, sampleOutcome, sampleRequest } from '../suite/samples.test-support.ts'
import { startCommitProxy } from './commit-proxy.test-support.ts'

const callMs = 1500

async function open(t: TestContext, url: string, port?: number): Promise<Repository> {
  const place = new URL(url)
  if (port !== undefined) place.port = String(port)
  const repository = await openRepository(
    { postgres: { url: place.href, schema: 'bulkhead', connections: 4, tls: false } },
    { stateFolder: '', memoryMs: 1_000_000_000, callMs, log: () => undefined },
  )
  t.after(() => repository[Symbol.asyncDispose]())
  return repository
}

function unavailableWithin(ms: number): (error: Error & { code: string; kind: string }) => boolean {
  const start = performance.now()
  return (error) => {
    assert.equal(error.code, 'repository-unavailable')
    assert.equal(error.kind, 'transient')
    assert.ok(performance.now() - start < ms, `${performance.now() - start} ms`)
    return true
  }
}

for (const lose of ['commit', 'answer'] as const)
  test(`a call whose ${lose === 'commit' ? 'commit' : 'answer to a commit'} was lost is done once, and says so`, async (t) => {
    const database = await createDatabase(t)
    const proxy = await startCommitProxy(t, database)
    const repository = await open(t, database.url, proxy.port)
    for (let at = 1; at <= 3; at++) {
      proxy.lose = lose
      const after = at === 1 ? undefined : at - 1
      // judged by what it found: made twice, it would say no
      assert.equal(await repository.fired({ application: 'billing', trigger: 'nightly', after, at }), true)
      assert.equal(proxy.lose, undefined)
    }
    proxy.lose = lose
    assert.equal((await repository.accept(sampleRequest('r1'))).is, 'new')
    proxy.lose = lose
    const claimed = await claimOne(repository)
    assert.equal(claimed.run.epoch, 1)
    proxy.lose = lose
    const outcome = sampleOutcome(claimed, 'completed')
    assert.equal(await repository.finish({ runId: claimed.run.runId, epoch: 1, outcome }), 'finished')
    proxy.lose = lose
    assert.equal(await repository.resend(claimed.run.runId, 'cli', ['main']), 1)
    assert.deepEqual(
      (await repository.messages({ most: 10 })).items.map(({ message }) => message),
      ['completed', 'answer-2'],
    )
    assert.equal((await repository.events({ runId: claimed.run.runId, after: 0, most: 10 })).items.length, 4)
  })

test('while the database is away calls fail soon and for now, and it is used again as soon as it is back', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const repository = await open(t, database.url, proxy.port)
  await repository.accept(sampleRequest('before'))
  proxy.refuse(true)
  proxy.cut()
  await assert.rejects(repository.accept(sampleRequest('during')), unavailableWithin(callMs * 2))
  await assert.rejects(repository.check(), unavailableWithin(callMs * 2))
  // back before a call's time is over: it does not notice
  const patient = repository.accept(sampleRequest('during'))
  await sleep(callMs / 3)
  proxy.refuse(false)
  assert.equal((await patient).is, 'new')
  assert.equal(await repository.queued('billing'), 2)
  assert.match(await repository.check(), /^PostgreSQL \d+/)
})

test('the database is well while more calls wait for it than there are connections', async (t) => {
  const database = await createDatabase(t)
  const repository = await open(t, database.url)
  await repository.check()
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  t.after(() => other.end())
  await other.query('BEGIN; LOCK TABLE bulkhead.runs IN ACCESS EXCLUSIVE MODE')
  const calls = Array.from({ length: 12 }, (_, n) => repository.accept(sampleRequest(`r${n}`)))
  assert.match(await repository.check(), /^PostgreSQL \d+/)
  await other.query('ROLLBACK')
  for (const call of calls) assert.equal((await call).is, 'new')
})

test('a database that falls silent is given up, and a call is not held longer than it may take', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const repository = await open(t, database.url, proxy.port)
  await repository.accept(sampleRequest('before'))
  proxy.silence()
  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      assert.rejects(repository.accept(sampleRequest(`r${n}`)), unavailableWithin(callMs * 2)),
    ),
  )
  proxy.resume()
  assert.equal((await repository.accept(sampleRequest('after'))).is, 'new')
})

test('a request whose connections are cut at any moment costs nothing but time', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const repository = await open(t, database.url, proxy.port)
  for (let n = 0; n < 60; n++) {
    // amid one of its three calls; by request and not by time, so that a busy machine is not cut off for good
    const cut = sleep(Math.random() * 12).then(() => proxy.cut())
    await endedRun(repository, sampleRequest(`r${n}`), 'completed')
    await cut
  }
  const { items } = await repository.messages({ most: 100 })
  assert.equal(items.length, 60)
  assert.equal(new Set(items.map(({ id }) => id)).size, 60)
})

test('after an outage in which nobody could renew, leases hold for one more period', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const repository = await open(t, database.url, proxy.port)
  await repository.accept(sampleRequest('r1'))
  await claimOne(repository, { leaseMs: 600 })
  proxy.refuse(true)
  proxy.cut()
  await assert.rejects(repository.recover({ attempts: 3 }), { code: 'repository-unavailable' })
  proxy.refuse(false)
  assert.equal((await repository.recover({ attempts: 3 })).runs, 0)
  await sleep(700)
  assert.equal((await repository.recover({ attempts: 3 })).runs, 1)
})

/** Everything, because anything may have been missed. */
const everything: readonly Change[] = ['queued', 'ended', 'messages', 'commands', 'applications']

test('whoever has just opened the repository hears of what others changed before it listened', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const writing = await open(t, database.url)
  const listening = await open(t, database.url, proxy.port)
  proxy.delay(100)
  const told: Change[] = []
  listening.onChange((change) => void told.push(change))
  await writing.accept(sampleRequest('r1'))
  for (let wait = 0; told.length < everything.length && wait < 500; wait++) await sleep(10)
  assert.deepEqual(told.slice(-everything.length), everything)
})

test('whoever listens hears of changes again after its connection broke', async (t) => {
  const database = await createDatabase(t)
  const proxy = await startProxy(t, database)
  const listening = await open(t, database.url, proxy.port)
  const writing = await open(t, database.url)
  const told: Change[] = []
  listening.onChange((change) => void told.push(change))
  // until it listens
  for (let wait = 0; !told.includes('queued') && wait < 100; wait++) {
    await writing.accept(sampleRequest(`before ${wait}`))
    await sleep(20)
  }
  told.length = 0
  proxy.cut()
  for (let wait = 0; !told.includes('applications') && wait < 500; wait++) await sleep(10)
  assert.deepEqual(told.slice(-everything.length), everything)
  told.length = 0
  await writing.accept(sampleRequest('after'))
  for (let wait = 0; told.length < 1 && wait < 500; wait++) await sleep(10)
  assert.deepEqual(told, ['queued'])
})

test('a transaction of another database holds up no history', async (t) => {
  const database = await createDatabase(t)
  const repository = await open(t, database.url)
  const other = new pg.Client({ connectionString: (await createDatabase(t)).url })
  await other.connect()
  try {
    await other.query('BEGIN; CREATE TABLE held (a int)')
    await repository.accept(sampleRequest('r1'))
    const { items } = await repository.events({ after: 0, most: 10, application: 'billing' })
    assert.deepEqual(
      items.map(({ type }) => type),
      ['accepted'],
    )
  } finally {
    await other.end()
  }
})

test('an event is not told before another that was numbered earlier and is committed later', async (t) => {
  const database = await createDatabase(t)
  const repository = await open(t, database.url)
  const slow = new pg.Client({ connectionString: database.url })
  await slow.connect()
  try {
    await slow.query(`BEGIN; INSERT INTO bulkhead.events (at, application, type, actor, data)
      VALUES (1, 'billing', 'slow', 'test', '{}')`)
    const request = sampleRequest('r1')
    await repository.accept(request)
    const told = async (query: object) =>
      (await repository.events({ after: 0, most: 10, ...query })).items.map(({ type }) => type)
    assert.deepEqual(await told({ application: 'billing' }), [])
    // the run's own history waits for nobody
    assert.deepEqual(await told({ runId: request.runId }), ['accepted'])
    await slow.query('COMMIT')
    assert.deepEqual(await told({ application: 'billing' }), ['slow', 'accepted'])
  } finally {
    await slow.end()
  }
})

test('two servers that start on an empty database at once both find their tables', async (t) => {
  const { url } = await createDatabase(t)
  const both = await Promise.all([open(t, url), open(t, url), open(t, url)])
  for (const repository of both) assert.equal(await repository.queued('billing'), 0)
})

test('a database that cannot be used is told with its reason, and without its password', async (t) => {
  const database = await createDatabase(t)
  const role = await createRole(t, database)
  const refused = async (url: URL, code: string, message: RegExp): Promise<void> => {
    await assert.rejects(open(t, url.href), (error: Error & { code: string }) => {
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.ok(!`${error.message}${error.stack ?? ''}`.includes('not-the-password'))
      return true
    })
  }
  await refused(loginOf(database, role.user, 'not-the-password'), 'repository-unusable', /password/)
  // it may log in, and may make no schema
  await refused(loginOf(database, role.user, role.password), 'repository-unusable', /permission denied/)
  const nowhere = new URL(database.url)
  nowhere.port = '1'
  await refused(nowhere, 'repository-unavailable', /ECONNREFUSED/)
})

test('a database of a later version is refused with what to do', async (t) => {
  const database = await createDatabase(t)
  const repository = await open(t, database.url)
  await repository[Symbol.asyncDispose]()
  await execute(database, `INSERT INTO bulkhead.migrations VALUES ('2099-01-01-flying-tables', '2099')`)
  await assert.rejects(open(t, database.url), (error: Error & { code: string; fix: string }) => {
    assert.equal(error.code, 'repository-newer')
    assert.match(error.message, /2099-01-01-flying-tables/)
    assert.match(error.fix, /version/)
    return true
  })
})

test('nothing looks through whole tables, however many runs there were', async (t) => {
  const database = await createDatabase(t)
  await (await open(t, database.url))[Symbol.asyncDispose]()
  await execute(
    database,
    `INSERT INTO bulkhead.requests SELECT 'digest-' || n, 'content', 'run-' || n, 1, n FROM generate_series(1, 100000) n;
     INSERT INTO bulkhead.runs (run_id, application, revision, request_digest, request_id, request_source, attempt,
       state, epoch, accepted_at, finished_at, sequence, destinations, actor)
     SELECT 'run-' || n, 'app-' || n % 20, 'r', 'digest-' || n, 'r' || n, '', 1, 'completed', 1, n, n, 1, '{}', 'a'
       FROM generate_series(1, 100000) n;
     INSERT INTO bulkhead.outbox (id, run_id, application, destination, place, message, reply, revision, request_source,
       state, tries, due_at, written_at)
     SELECT 'digest-' || n || '/1/completed/main', 'run-' || n, 'app-' || n % 20, 'main', 'app-' || n % 20 || '/main',
       'completed', '{}', 'r', '', 'sent', 1, n, n FROM generate_series(1, 100000) n;
     INSERT INTO bulkhead.events (at, application, run_id, type, actor, data)
     SELECT n, 'app-' || n % 20, 'run-' || n, 'finished', 'a', '{}' FROM generate_series(1, 100000) n;
     ANALYZE`,
  )
  const scans = async () =>
    await execute(
      database,
      `SELECT relname, seq_scan::int FROM pg_stat_user_tables WHERE schemaname = 'bulkhead'
       AND relname IN ('requests', 'runs', 'outbox', 'events') ORDER BY relname`,
    )
  const before = await scans()
  const repository = await open(t, database.url)
  const start = performance.now()
  for (let n = 0; n < 30; n++) {
    const { run } = await endedRun(repository, sampleRequest(`r${n}`), 'completed')
    await repository.renew({
      server: 'server-1',
      leaseMs: 1000,
      runs: [{ runId: run.runId, epoch: 1, startedAtMs: 1, progress: undefined }],
    })
    const messages = await repository.takeMessages({ server: 's', most: 10, leaseMs: 1000 })
    await repository.messagesSent(messages.map(({ id }) => id))
    await repository.recover({ attempts: 3 })
    await repository.queued('billing')
    await repository.run(run.runId)
    await repository.runs({ application: 'app-7', most: 20 })
    await repository.runs({ requestId: 'r77', most: 20 })
    await repository.runs({ state: 'failed', most: 20 })
    await repository.events({ runId: run.runId, after: 0, most: 10 })
    await repository.events({ application: 'app-7', after: 5000, most: 10 })
    await repository.messages({ runId: run.runId, most: 10 })
  }
  t.diagnostic(
    `${((performance.now() - start) / 30).toFixed(1)} ms for a request with all that is asked about it`,
  )
  // its connections tell what they did when they end
  await repository[Symbol.asyncDispose]()
  await sleep(100)
  const after = await scans()
  // the start looks at the newest event
  assert.deepEqual(after, before)
})

function loginOf(database: TestDatabase, user: string, password: string): URL {
  const url = new URL(database.url)
  url.username = user
  url.password = password
  return url
}
