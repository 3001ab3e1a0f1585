import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, Source } from '@bulkhead/connector-sdk'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { startProxy } from '../../../test/support/proxy.ts'
import {
  never,
  openConnection,
  type Overrides,
  readBytes,
  readRequest,
  testRunId,
} from './testing/open-connection.ts'

const database = await createDatabase({ after })
await execute(
  database,
  `CREATE TABLE big AS SELECT i, repeat('x', 200) AS t FROM generate_series(1, 200000) i`,
)

/** Rows for ever, and rows that never come. */
const endless = 'SELECT t.*, s FROM big t, generate_series(1, 1000000) s'
const silent = `SELECT pg_sleep(600)`

const sessions = async (): Promise<readonly Record<string, unknown>[]> =>
  execute(
    database,
    `SELECT state, query, application_name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE '%${testRunId}%'`,
  )
async function until(claim: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000
  while (!(await check())) {
    assert.ok(performance.now() < deadline, `not within 5 s: ${claim}`)
    await sleep(20)
  }
}
const gone = (): Promise<void> => until('the session is gone', async () => (await sessions()).length === 0)
const active = (): Promise<void> =>
  until('the query runs', async () =>
    (await sessions()).some(({ state, query }) => state === 'active' && String(query).startsWith('COPY')),
  )

async function withSource(
  use: (source: Source) => Promise<void>,
  overrides: Overrides = {},
  target = database,
): Promise<void> {
  await using source = await openConnection(target, overrides)
  await use(source)
}
const drain = async (batches: AsyncIterable<Batch>): Promise<number> => {
  let rows = 0
  for await (const batch of batches) rows += Number(batch.rows)
  return rows
}

describe('stopping', () => {
  it('ends the query at the server when the signal aborts while it sends nothing', async () => {
    await withSource(async (source) => {
      const stop = new AbortController()
      await using extract = await source.prepare(readRequest(silent), never)
      const reading = drain(extract.read(stop.signal))
      await active()
      const started = performance.now()
      stop.abort(new Error('enough'))
      await assert.rejects(reading, { message: 'enough' })
      assert.ok(performance.now() - started < 1500)
      await gone()
    })
  })
  it('ends the query at the server when the signal aborts between two batches', async () => {
    await withSource(async (source) => {
      for (const more of [{ format: 'csv' }, { format: 'jsonl' }, { form: 'columns' }] as const) {
        const stop = new AbortController()
        await using extract = await source.prepare(readRequest(endless, more), never)
        const batches = extract.read(stop.signal)[Symbol.asyncIterator]()
        await batches.next()
        // The server is blocked: nobody takes its rows.
        await active()
        stop.abort(new Error('enough'))
        await gone()
        await assert.rejects(batches.next(), { message: 'enough' })
      }
    })
  })
  it('ends the query at the server when the consumer leaves early', async () => {
    await withSource(async (source) => {
      await using extract = await source.prepare(readRequest(endless), never)
      for await (const batch of extract.read(never)) {
        assert.ok(batch.rows)
        break
      }
      await gone()
    })
  })
  it('ends the query at the server when the extract is disposed of while it is read', async () => {
    await withSource(async (source) => {
      const extract = await source.prepare(readRequest(silent), never)
      const reading = drain(extract.read(never))
      await active()
      await Promise.all([extract[Symbol.asyncDispose](), assert.rejects(reading)])
      await gone()
    })
  })
  it('ends all sessions by itself when the run ends', async () => {
    const run = new AbortController()
    const source = await openConnection(database, { signal: run.signal })
    const extract = await source.prepare(readRequest(silent), never)
    const reading = drain(extract.read(never))
    await active()
    run.abort()
    await assert.rejects(reading)
    await gone()
    await source[Symbol.asyncDispose]()
  })
  it('ends the transaction of an extract that nobody read', async () => {
    await withSource(async (source) => {
      const extract = await source.prepare(readRequest('SELECT 1'), never)
      assert.equal((await sessions())[0]?.['state'], 'idle in transaction')
      await extract[Symbol.asyncDispose]()
      await gone()
    })
  })
  it('stops while it prepares, and before it', async () => {
    await execute(database, 'CREATE TABLE locked (a int)')
    await withSource(async (source) => {
      const lock = execute(database, 'BEGIN; LOCK TABLE locked; SELECT pg_sleep(3); COMMIT')
      await sleep(200)
      await assert.rejects(source.prepare(readRequest('SELECT * FROM locked'), AbortSignal.timeout(200)), {
        name: 'TimeoutError',
      })
      await gone()
      await assert.rejects(source.prepare(readRequest('SELECT 1'), AbortSignal.abort(new Error('no'))), {
        message: 'no',
      })
      await assert.rejects(source.check(AbortSignal.abort(new Error('no'))), { message: 'no' })
      await lock
    })
  })
  it('uses a session again after a whole read, and leaves none behind', async () => {
    await withSource(async (source) => {
      for (let read = 0; read < 5; read += 1) await readBytes(source, readRequest('SELECT 1'))
      await source.check(never)
      assert.equal((await sessions()).length, 1)
      assert.equal((await sessions())[0]?.['state'], 'idle')
    })
    await gone()
  })
})

describe('back-pressure', () => {
  it('reaches the server, and holds little in memory', async (t) => {
    const proxy = await startProxy(t, database)
    await withSource(
      async (source) => {
        await using extract = await source.prepare(
          readRequest(endless, { batchBytes: 256 * 1024, batchRows: 65_536 }),
          never,
        )
        const batches = extract.read(never)[Symbol.asyncIterator]()
        await batches.next()
        await sleep(300)
        const before = proxy.bytesToClient
        await sleep(500)
        assert.equal(proxy.bytesToClient, before, 'the server goes on sending to nobody')
        // The kernel holds some megabytes; after those the server has to go on.
        for (let taken = 0; proxy.bytesToClient === before; taken += 1) {
          assert.ok(taken < 400, 'the server does not go on')
          await batches.next()
        }
        await batches.return?.()
      },
      {},
      { ...database, host: proxy.host, port: proxy.port },
    )
  })
})

describe('limits', () => {
  it('ends a query that takes too long, and says so', async () => {
    await withSource(
      async (source) => {
        const started = performance.now()
        await assert.rejects(readBytes(source, readRequest(silent)), {
          kind: 'config',
          code: 'postgres-query-timeout',
          path: 'query',
        })
        assert.ok(performance.now() - started < 3000)
      },
      { limits: { queryTimeoutMs: 400 } },
    )
    await gone()
  })
  it('waits for a lock no longer than the settings say', async () => {
    await execute(database, 'CREATE TABLE busy (a int)')
    const lock = execute(database, 'BEGIN; LOCK TABLE busy; SELECT pg_sleep(3); COMMIT')
    const isHeld = "SELECT count(*) AS n FROM pg_locks WHERE relation = 'busy'::regclass AND granted"
    while (Number((await execute(database, isHeld))[0]?.['n']) === 0) await sleep(20)
    await withSource(
      (source) =>
        assert.rejects(readBytes(source, readRequest('SELECT * FROM busy')), {
          kind: 'transient',
          code: 'postgres-lock-timeout',
        }),
      { config: { lockTimeout: 'PT1S' } },
    )
    await lock
  })
  it('lets the server end a transaction in which nothing happens', async () => {
    await withSource(
      async (source) => {
        await using extract = await source.prepare(readRequest('SELECT 1'), never)
        await gone()
        await assert.rejects(drain(extract.read(never)), {
          kind: 'transient',
          code: 'postgres-connection-lost',
        })
      },
      { config: { idleTimeout: 'PT1S' } },
    )
  })
  it('opens no more sessions than the connection allows', async () => {
    await withSource(
      async (source) => {
        await using first = await source.prepare(readRequest('SELECT 1'), never)
        await using second = await source.prepare(readRequest('SELECT 2'), never)
        await assert.rejects(source.prepare(readRequest('SELECT 3'), never), {
          kind: 'quota',
          code: 'postgres-connections-in-use',
        })
        assert.equal((await sessions()).length, 2)
        assert.equal(await drain(first.read(never)), 1)
        await first[Symbol.asyncDispose]()
        assert.equal((await readBytes(source, readRequest('SELECT 3'))).toString(), '3\n')
        assert.equal(await drain(second.read(never)), 1)
      },
      { limits: { connections: 2 } },
    )
  })
})

describe('a server that goes away', () => {
  it('is told apart: the session ended, somebody cancelled', async () => {
    await withSource(async (source) => {
      for (const [act, code] of [
        ['pg_terminate_backend', 'postgres-connection-lost'],
        ['pg_cancel_backend', 'postgres-query-cancelled'],
      ]) {
        await using extract = await source.prepare(readRequest(silent), never)
        const reading = assert.rejects(drain(extract.read(never)), { kind: 'transient', code })
        await active()
        await execute(
          database,
          `SELECT ${act}(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND application_name LIKE '%${testRunId}%'`,
        )
        await reading
      }
    })
  })
  it('is noticed in the middle of the rows, and between two reads', async (t) => {
    const proxy = await startProxy(t, database)
    await withSource(
      async (source) => {
        await using extract = await source.prepare(readRequest(endless), never)
        proxy.cutAfter(2_000_000)
        await assert.rejects(drain(extract.read(never)), {
          kind: 'transient',
          code: 'postgres-connection-lost',
        })
        proxy.cutAfter(undefined)
        await extract[Symbol.asyncDispose]()
        assert.equal((await readBytes(source, readRequest('SELECT 1'))).toString(), '1\n')
        proxy.cut()
        await sleep(100)
        assert.equal((await readBytes(source, readRequest('SELECT 1'))).toString(), '1\n')
      },
      {},
      { ...database, host: proxy.host, port: proxy.port },
    )
  })
  it('does not hold up a run that is stopped', async (t) => {
    const proxy = await startProxy(t, database)
    await withSource(
      async (source) => {
        const stop = new AbortController()
        await using extract = await source.prepare(readRequest(endless), never)
        const batches = extract.read(stop.signal)[Symbol.asyncIterator]()
        await batches.next()
        proxy.silence()
        const started = performance.now()
        stop.abort(new Error('enough'))
        await assert.rejects(batches.next(), { message: 'enough' })
        assert.ok(performance.now() - started < 5000)
      },
      {},
      { ...database, host: proxy.host, port: proxy.port },
    )
    proxy.resume()
    proxy.cut()
    await gone()
  })
})
