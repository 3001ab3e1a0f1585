/** A connection that cannot be reached gives way to another one; the reply and the log say which was read. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { postgresConnection, writeApplication } from '../support/application-folder.ts'
import { createDatabase, createRole, execute } from '../support/postgres.ts'
import { startProxy } from '../support/proxy.ts'
import { bulkhead, type Ended, json, temporaryFolder } from './command.ts'

const database = await createDatabase({ after })
const asked = await createRole({ after }, database)
await execute(database, 'CREATE TABLE item AS SELECT i FROM generate_series(1, 3) i')

async function run(
  t: TestContext,
  ledger: Readonly<Record<string, unknown>>,
  query = 'SELECT i FROM item',
): Promise<Ended> {
  const folder = await writeApplication(join(temporaryFolder(t), 'app'), 'fallbacks', {
    connections: {
      ledger: { ...postgresConnection(database, ledger), fallback: ['replica'] },
      replica: postgresConnection(database),
    },
    stores: { out: { connector: 'files', config: { folder: 'out', createFolder: true } } },
    jobs: { go: { source: { connection: 'ledger', query }, retry: { attempts: 1 } } },
  })
  const environment = { BULKHEAD_ALLOW_LOOPBACK: '1' }
  return bulkhead(['run', '-a', folder, '-j', 'go', '--log-format', 'json'], { environment })
}

test('reads the fallback of a connection that is down, and says so in reply and log', async (t) => {
  const ended = await run(t, { port: 1 }) // nobody listens there
  assert.equal(ended.code, 0, ended.stderr)
  const { data } = json<ReplyEvent>(ended)
  assert.deepEqual([data.connection, data.tries, data.result?.rows], ['replica', 1, 3])
  assert.ok(data.warnings.includes('The connection "ledger" could not be reached (postgres-unreachable)'))
  assert.match(ended.stderr, /"ledger\\" cannot be reached/)
})

test('reads the connection itself when it is there', async (t) => {
  const ended = await run(t, {})
  assert.equal(json<ReplyEvent>(ended).data.connection, 'ledger')
})

test('asks no fallback when the password is refused, or the query is wrong', async (t) => {
  const refused = json<ReplyEvent>(await run(t, { user: asked.user })).data
  assert.deepEqual([refused.connection, refused.error?.code], ['ledger', 'postgres-password-missing'])
  const wrong = json<ReplyEvent>(await run(t, {}, 'SELECT nothing FROM item')).data
  assert.deepEqual([wrong.connection, wrong.error?.code], ['ledger', 'postgres-query-invalid'])
})

test('asks no fallback once rows were read: the result would be of two systems', async (t) => {
  const proxy = await startProxy(t, database)
  proxy.cutAfter(2_000_000)
  const many = "SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i"
  const { data } = json<ReplyEvent>(await run(t, { port: proxy.port }, many))
  assert.deepEqual([data.connection, data.status, data.error?.retryable], ['ledger', 'failed', true])
})
