import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import type { Batch, Source } from '@bulkhead/connector-sdk'
import { createDatabase, createUser, execute } from '../../../test/support/mysql.ts'
import { startProxy } from '../../../test/support/proxy.ts'
import { connect, type Connected } from './session/connect.ts'
import { killQuery } from './session/kill.ts'
import { targetOf } from './session/target.ts'
import {
  contextOf,
  never,
  openConnection,
  type Overrides,
  readAll,
  readRequest,
  testRunId,
} from './testing/open-connection.ts'

const admin = await createDatabase({ after })
const database = { ...admin, ...(await createUser({ after }, admin)) }
await execute(admin, "CREATE TABLE big AS SELECT seq AS i, REPEAT('x', 200) AS t FROM seq_1_to_100000")

/** Rows for ever, and rows that never come. */
const endless = 'SELECT big.*, s.seq FROM big, seq_1_to_1000000 s'
const silent = 'SELECT SLEEP(600)'

interface Process {
  readonly id: string
  readonly command: string
  readonly info: string | null
}
const sessions = async (): Promise<readonly Process[]> =>
  (await execute(
    admin,
    'SELECT id AS id, command AS command, info AS info FROM information_schema.processlist WHERE user = ?',
    [database.user],
  )) as unknown as readonly Process[]
async function until<T>(claim: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 5000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < deadline, `not within 5 s: ${claim}`)
    await sleep(20)
  }
}
const gone = (): Promise<true> =>
  until('the session is gone', async () => ((await sessions()).length === 0 ? true : undefined))
const active = (): Promise<Process> =>
  until('the query runs', async () => (await sessions()).find(({ command }) => command === 'Execute'))

async function withSource(use: (source: Source) => Promise<void>, overrides: Overrides = {}): Promise<void> {
  await using source = await openConnection(database, overrides)
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
      const preparing = source.prepare(readRequest(silent), stop.signal)
      await active()
      const started = performance.now()
      stop.abort(new Error('enough'))
      await assert.rejects(preparing, { message: 'enough' })
      assert.ok(performance.now() - started < 1500)
      await gone()
    })
  })
  it('ends the query at the server when the signal aborts between two batches', async () => {
    await withSource(async (source) => {
      const stop = new AbortController()
      await using extract = await source.prepare(readRequest(endless), never)
      const batches = extract.read(stop.signal)[Symbol.asyncIterator]()
      await batches.next()
      // The server is blocked: nobody takes its rows.
      await active()
      stop.abort(new Error('enough'))
      await gone()
      await assert.rejects(batches.next(), { message: 'enough' })
    })
  })
  it('ends the query at the server when the consumer leaves early, or has all the rows it wanted', async () => {
    await withSource(async (source) => {
      await using extract = await source.prepare(readRequest(endless), never)
      for await (const batch of extract.read(never)) {
        assert.ok(batch.rows)
        break
      }
      await gone()
      assert.equal((await readAll(source, `${endless} LIMIT 1000000000`, {}, { maxRows: 250 })).length, 250)
      await gone()
    })
  })
  it('ends the query of an extract that nobody read', async () => {
    await withSource(async (source) => {
      const extract = await source.prepare(readRequest(endless), never)
      await active()
      await extract[Symbol.asyncDispose]()
      await gone()
    })
  })
  it('ends all sessions by itself when the run ends', async () => {
    const run = new AbortController()
    const source = await openConnection(database, { signal: run.signal })
    const extract = await source.prepare(readRequest(endless), never)
    const reading = extract.read(never)[Symbol.asyncIterator]()
    await reading.next()
    run.abort()
    await gone()
    await assert.rejects(drain({ [Symbol.asyncIterator]: () => reading }))
    await source[Symbol.asyncDispose]()
  })
  it('stops while it waits for a lock, and before it begins', async (t) => {
    await execute(admin, 'CREATE TABLE locked (a int)')
    const holder = await holdLock(t, 'locked')
    await withSource(async (source) => {
      const query = readRequest('SELECT * FROM locked')
      await assert.rejects(source.prepare(query, AbortSignal.timeout(200)), { name: 'TimeoutError' })
      await gone()
      await assert.rejects(source.prepare(readRequest('SELECT 1'), AbortSignal.abort(new Error('no'))), {
        message: 'no',
      })
      await assert.rejects(source.check(AbortSignal.abort(new Error('no'))), { message: 'no' })
    })
    holder.abort()
  })
  it('never kills a session that does not run this query', async () => {
    // The server is reached at another address when the kill comes: the same number is somebody else's there.
    const { host, port, user, password } = database
    const innocent = await createConnection({ host, port, user, password })
    try {
      const [[row]] = (await innocent.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]]
      const context = contextOf(database)
      const patience = AbortSignal.timeout(2000)
      const target = targetOf(context.config, async () => password)
      const connectAgain = (): Promise<Connected> => connect(target, context, patience)
      await killQuery(connectAgain, row.id, 'abcdef012345', patience)
      await innocent.query('SELECT 1')
    } finally {
      await innocent.end()
    }
  })
  it('knows its queries by the comment in front of them', async () => {
    await withSource(async (source) => {
      await using _extract = await source.prepare(readRequest(endless), never)
      const info = (await active()).info ?? ''
      assert.match(info, new RegExp(`^/\\* bulkhead connector-tests ${testRunId} [0-9a-f]{18} \\*/ SELECT`))
    })
    await gone()
  })
  it('uses a session again after a whole read, and leaves none behind', async () => {
    await withSource(async (source) => {
      for (let read = 0; read < 5; read += 1) await readAll(source, 'SELECT 1 AS a')
      await source.check(never)
      assert.deepEqual(
        (await sessions()).map(({ command }) => command),
        ['Sleep'],
      )
    })
    await gone()
  })
  it('leaves no transaction open, and no prepared statement', async () => {
    await withSource(async (source) => {
      await readAll(source, 'SELECT COUNT(*) AS n FROM big')
      // other files of tests work on the same server
      const [open] = await execute(
        admin,
        `SELECT COUNT(*) AS n FROM information_schema.innodb_trx AS t
         JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id
         WHERE p.db = '${database.database}'`,
      )
      assert.equal(Number(open?.['n']), 0)
      const prepared = async (): Promise<number> =>
        Number((await execute(admin, "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'"))[0]?.['Value'])
      const before = await prepared()
      for (let read = 0; read < 5; read += 1) await readAll(source, 'SELECT 1 AS a')
      for (let tries = 0; (await prepared()) > before; tries++) {
        assert.ok(tries < 50, 'statements stay prepared')
        await sleep(100)
      }
    })
  })
})

describe('back-pressure', () => {
  it('reaches the server, which waits for as long as the query may take', async (t) => {
    const proxy = await startProxy(t, database)
    await withSource(
      async (source) => {
        const large = { batchBytes: 256 * 1024, batchRows: 65_536 }
        await using extract = await source.prepare(readRequest(endless, large), never)
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
      { config: { host: proxy.host, port: proxy.port } },
    )
  })
})

describe('limits', () => {
  it('end a query that takes too long, and say so', async () => {
    await withSource(
      async (source) => {
        const started = performance.now()
        // A query that works: SLEEP is not ended by an error but by a value.
        await assert.rejects(readAll(source, 'SELECT COUNT(*) AS n FROM big a, big b, big c'), {
          kind: 'config',
          code: 'mysql-query-timeout',
          path: 'query',
        })
        assert.ok(performance.now() - started < 3000)
      },
      { limits: { queryTimeoutMs: 400 } },
    )
    await gone()
  })
  it('bound the wait for a lock', async (t) => {
    await execute(admin, 'CREATE TABLE busy (a int)')
    const holder = await holdLock(t, 'busy')
    await withSource(
      async (source) => {
        await assert.rejects(readAll(source, 'SELECT * FROM busy'), {
          kind: 'transient',
          code: 'mysql-lock-timeout',
        })
      },
      { config: { lockTimeout: 'PT1S' } },
    )
    holder.abort()
  })
  it('bound the sessions', async () => {
    await withSource(
      async (source) => {
        await using first = await source.prepare(readRequest('SELECT 1 AS a'), never)
        await assert.rejects(source.prepare(readRequest('SELECT 1'), never), {
          code: 'mysql-connections-in-use',
          path: 'limits.connections',
        })
        assert.equal(await drain(first.read(never)), 1)
      },
      { limits: { connections: 1 } },
    )
  })
})

describe('a query that the server ends', () => {
  it('fails by kind transient when an administrator killed it, before rows and between them', async () => {
    for (const query of ['SELECT COUNT(*) AS n FROM big a, big b, big c', endless])
      for (const kill of ['KILL QUERY', 'KILL'])
        await withSource(async (source) => {
          const read = async (): Promise<number> => {
            await using extract = await source.prepare(readRequest(query), never)
            return await drain(extract.read(never))
          }
          const ended = assert.rejects(read(), (error: { kind: string; code: string }) => {
            assert.equal(error.kind, 'transient')
            assert.match(error.code, /^mysql-(query-cancelled|connection-lost|unavailable)$/)
            return true
          })
          await execute(admin, `${kill} ${(await active()).id}`)
          await ended
          await gone() // or the next turn would find this one's session
        })
  })
})

/** Another session that holds a table until it is told, or for ten seconds. */
async function holdLock(
  t: { after(action: () => Promise<void>): void },
  table: string,
): Promise<AbortController> {
  const told = new AbortController()
  const connection = await createConnection({ uri: admin.url })
  await connection.query(`LOCK TABLES ${table} WRITE`)
  told.signal.addEventListener('abort', () => void connection.query('UNLOCK TABLES'))
  t.after(() => connection.end())
  return told
}
