import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Kept } from '@bulkhead/connector-sdk'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { openConnection, readBytes, readRequest } from './testing/open-connection.ts'

const database = await createDatabase({ after })

/** Keeps as the platform does, and closes what is left. */
function keep(): Kept & AsyncDisposable & { readonly things: AsyncDisposable[] } {
  const things: AsyncDisposable[] = []
  return {
    things,
    take: () => things.pop(),
    put: (thing) => void things.push(thing),
    async [Symbol.asyncDispose]() {
      for (const thing of things) await thing[Symbol.asyncDispose]()
    },
  }
}

const session = `SELECT pg_backend_pid(), current_setting('application_name'), current_setting('work_mem'), current_setting('search_path')`

async function readOnce(kept: Kept, query: string, runId?: string): Promise<readonly string[]> {
  await using source = await openConnection(database, { kept, ...(runId !== undefined && { runId }) })
  return (await readBytes(source, readRequest(query))).toString().trim().split(',')
}

test('the next run gets the session of the one before, by its own name', async () => {
  await using kept = keep()
  const [first, firstName] = await readOnce(kept, session, '0199aaaa-0000-7000-8000-00000000000a')
  const [second, secondName] = await readOnce(kept, session, '0199aaaa-0000-7000-8000-00000000000b')
  assert.equal(second, first)
  assert.match(String(firstName), /00000000000a$/)
  assert.match(String(secondName), /00000000000b$/)
})

test('nothing that a run has set is left for the next one', async () => {
  await using kept = keep()
  const [first] = await readOnce(kept, session)
  const set = `SELECT pg_backend_pid(), set_config('work_mem', '1MB', false), set_config('search_path', 'nowhere', false), pg_advisory_lock(4711)`
  await readOnce(kept, set)
  const [pid, , workMem, searchPath] = await readOnce(kept, session)
  assert.equal(pid, first)
  assert.notEqual(workMem, '1MB')
  assert.notEqual(searchPath, 'nowhere')
  const locks = await execute(database, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711`)
  assert.equal(locks.length, 0)
})

test('one that the server ended meanwhile is replaced, and nobody notices', async () => {
  await using kept = keep()
  const [first] = await readOnce(kept, session)
  await execute(database, 'SELECT pg_terminate_backend($1::int)', [first])
  const [second] = await readOnce(kept, session)
  assert.notEqual(second, first)
})

test('a session that was stopped within a read is not kept', async () => {
  await using kept = keep()
  const stop = new AbortController()
  await using source = await openConnection(database, { kept, signal: stop.signal })
  const reading = readBytes(source, readRequest('SELECT pg_sleep(30)'))
  setTimeout(() => stop.abort(new Error('stopped')), 100)
  await assert.rejects(reading)
  await source[Symbol.asyncDispose]()
  for (const thing of kept.things) assert.equal((thing as { usable?: boolean }).usable, false)
})

test('without anything that keeps, the session ends with its run', async () => {
  await using source = await openConnection(database)
  const [pid] = (await readBytes(source, readRequest('SELECT pg_backend_pid()'))).toString().trim().split(',')
  await source[Symbol.asyncDispose]()
  for (let tries = 0; tries < 50; tries++) {
    const rows = await execute(database, 'SELECT 1 FROM pg_stat_activity WHERE pid = $1::int', [pid])
    if (rows.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('the session is still there')
})
