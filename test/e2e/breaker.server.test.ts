/**
 * A system that is down, seen by a whole server: after some failures it is left alone, which the thing that listens in
 * its place can tell; then one try is let through. Replies, logs of runs and metrics say so.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RunLog, RunView, StoredReply } from '@bulkhead/contract'
import { postgresConnection, writeApplication } from '../support/application-folder.ts'
import { createDatabase, execute } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

const database = await createDatabase({ after })
await execute(database, 'CREATE TABLE item AS SELECT i FROM generate_series(1, 3) i')

const down = await startProxy({ after }, database)
const failing = await startProxy({ after }, database)
const other = await startProxy({ after }, database)
const folder = temporaryFolder({ after })
await writeApplication(join(folder, 'apps/shop'), 'shop', {
  connections: {
    ledger: {
      ...postgresConnection(database, { port: down.port }),
      breaker: { failures: 3, openFor: 'PT10M' },
      fallback: ['replica'],
    },
    alone: {
      ...postgresConnection(database, { port: failing.port }),
      breaker: { failures: 2, openFor: 'PT1S' },
    },
    patient: {
      ...postgresConnection(database, { port: failing.port }),
      breaker: { failures: 1, openFor: 'PT2S' },
    },
    eager: { ...postgresConnection(database, { port: other.port }), breaker: { failures: 0 } },
    replica: postgresConnection(database),
  },
  stores: { out: { connector: 'files', config: { folder: join(folder, 'out'), createFolder: true } } },
  jobs: {
    ...Object.fromEntries(
      ['ledger', 'alone', 'eager'].map((connection) => [
        connection,
        { source: { connection, query: 'SELECT i FROM item' }, retry: { attempts: 1 } },
      ]),
    ),
    wrong: { source: { connection: 'alone', query: 'SELECT nothing FROM item' }, retry: { attempts: 1 } },
    patient: { source: { connection: 'patient', query: 'SELECT i FROM item' } },
  },
})
// The same connection of another application, which has never failed there.
await writeApplication(join(folder, 'apps/bazaar'), 'bazaar', {
  connections: { ledger: postgresConnection(database, { port: down.port }) },
  stores: { out: { connector: 'files', config: { folder: join(folder, 'out-bazaar'), createFolder: true } } },
  jobs: {
    ledger: { source: { connection: 'ledger', query: 'SELECT i FROM item' }, retry: { attempts: 1 } },
  },
})
const { url } = await startServer({ after }, join(folder, 'apps'), {
  folder,
  environment: { BULKHEAD_ALLOW_LOOPBACK: '1' },
})

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(new URL(path, url))).json()) as T
}

/** Runs a job to its end. */
async function run(
  job: string,
  application = 'shop',
): Promise<StoredReply & { readonly log: () => Promise<string> }> {
  const answer = await fetch(`${url}/api/v1/applications/${application}/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requestId: `${job}-${crypto.randomUUID()}`, job }),
  })
  const { runId } = (await answer.json()) as { readonly runId: string }
  const reply = await until(
    `the end of ${job}`,
    async () => (await get<RunView>(`/api/v1/runs/${runId}`)).reply,
  )
  const log = async (): Promise<string> => JSON.stringify(await get<RunLog>(`/api/v1/runs/${runId}/log`))
  return { ...reply, log }
}

async function metric(name: string, labels: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(labels))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

test('a connection that failed so often is not dialled any more: the fallback is read at once', async () => {
  down.refuse(true)
  for (let time = 0; time < 3; time++) {
    const { connection, warnings } = await run('ledger')
    assert.equal(connection, 'replica')
    assert.match(warnings.join('\n'), /"ledger" could not be reached \(postgres-/)
  }
  const dialled = down.refused
  assert.ok(dialled >= 3)
  for (let time = 0; time < 3; time++) {
    const { connection, status, warnings, tries } = await run('ledger')
    assert.deepEqual([connection, status, tries], ['replica', 'completed', 1])
    assert.match(warnings.join('\n'), /"ledger" was not tried after its last failures \(connection-paused\)/)
  }
  assert.deepEqual([down.refused, down.accepted], [dialled, 0], 'nobody dialled')

  const ledger = 'application="shop",connection="ledger"'
  assert.equal(await metric('bulkhead_breaker_state', ledger), 2)
  assert.equal(await metric('bulkhead_breaker_opened_total', ledger), 1)
  assert.equal(await metric('bulkhead_source_faults_total', `${ledger},code="connection-paused"`), 3)
  assert.equal(await metric('bulkhead_source_fallbacks_total', 'application="shop"'), 6)
})

test('what one application found out pauses no connection of another', async () => {
  const dialled = down.refused
  assert.notEqual((await run('ledger', 'bazaar')).error?.code, 'connection-paused')
  assert.ok(down.refused > dialled)
  down.refuse(false)
  assert.equal((await run('ledger', 'bazaar')).status, 'completed')
  assert.equal((await run('ledger')).connection, 'replica', 'its own pause is not over')
  assert.equal(await metric('bulkhead_breaker_opened_total', 'application="bazaar"'), undefined)
})

test('the same without a breaker dials every time: whoever listens there would notice', async () => {
  other.refuse(true)
  for (let time = 1; time <= 6; time++) {
    assert.notEqual((await run('eager')).error?.code, 'connection-paused')
    assert.ok(other.refused >= time)
  }
})

test('without a fallback the run fails at once, and says when to come again; a try that succeeds ends it', async () => {
  failing.refuse(true)
  const failures = [await run('alone'), await run('alone')]
  assert.match(failures[0]?.error?.code ?? '', /^postgres-/)
  const opening = failures[1]
  assert.ok(opening)
  assert.match(
    await until('the log', async () => find(await opening.log(), /not tried for 1 s/)),
    /2 times in a row/,
  )
  // it may be let through on a machine that takes a second for that, and is paused again
  const paused = await until('a run that is not let through', async () => {
    const { error } = await run('alone')
    return error?.code === 'connection-paused' ? error : undefined
  })
  assert.deepEqual(
    [paused.kind, paused.retryable, paused.path],
    ['transient', true, 'spec.connections.alone.breaker'],
  )
  assert.ok((paused.retryAfterSeconds ?? 0) >= 1)
  assert.ok(((await metric('bulkhead_breaker_opened_total', 'connection="alone"')) ?? 0) >= 1)

  failing.refuse(false)
  await until('the try', async () => ((await run('alone')).status === 'completed' ? true : undefined))
  assert.equal(await metric('bulkhead_breaker_state', 'connection="alone"'), 0)
  // what is wrong with a query is no fault of the connection
  for (let time = 0; time < 4; time++)
    assert.equal((await run('wrong')).error?.code, 'postgres-query-invalid')
  assert.equal((await run('alone')).status, 'completed')
})

test('a run that may try again waits for the pause to end, and completes', async () => {
  const before = failing.refused
  failing.refuse(true)
  const running = run('patient')
  await until('the first dial', () => (failing.refused > before ? true : undefined))
  failing.refuse(false)
  const { status, tries } = await running
  assert.equal(status, 'completed')
  assert.ok((tries ?? 0) >= 2)
  assert.ok(((await metric('bulkhead_source_retries_total', 'application="shop"')) ?? 0) >= 1)
})

function find(text: string, pattern: RegExp): string | undefined {
  return pattern.test(text) ? text : undefined
}
