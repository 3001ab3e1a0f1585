import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulkhead, checkout, temporaryFolder } from './command.ts'
import { createDatabase, createRole, execute } from '../support/postgres.ts'

test('with DATABASE_URL the demo reads from PostgreSQL, writes nothing to it, and shows no password', async (t) => {
  const database = await createDatabase(t)
  const { user, password } = await createRole(t, database)
  const url = new URL(database.url)
  url.username = user
  url.password = password
  const { code, stdout, stderr } = await bulkhead(['--once', '--out', temporaryFolder(t)], {
    program: ['sh', join(checkout, 'scripts/with-node.sh'), 'scripts/demo.ts'],
    environment: { DATABASE_URL: url.href },
  })
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /nothing is written to it/)
  assert.match(stdout, /\n {2}Form +columns[^]*\n {2}Form +bytes/)
  assert.match(stdout, /✓ 200,000 rows counted[^]*✓ 1,000,000 rows counted/)
  assert.doesNotMatch(stdout + stderr, new RegExp(password))
  const [statistics] = await execute(
    database,
    'SELECT tup_inserted + tup_updated + tup_deleted AS rows FROM pg_stat_database WHERE datname = current_database()',
  )
  assert.equal(Number(statistics?.['rows']), 0)
})
