import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createDatabase, createRole, execute, type TestDatabase } from './postgres.ts'

let earlier: TestDatabase

test('makes an empty database in UTF-8, open to any client', async (t) => {
  earlier = await createDatabase(t)
  const client = new pg.Client({ connectionString: earlier.url })
  await client.connect()
  t.after(() => client.end()) // runs after the hook of createDatabase: the drop has to wait for it
  const { rows } = await client.query<{ name: string; encoding: string }>(
    `SELECT current_database() AS name, current_setting('server_encoding') AS encoding`,
  )
  assert.deepEqual(rows, [{ name: earlier.database, encoding: 'UTF8' }])
})

test('drops the database after the test', async (t) => {
  const database = await createDatabase(t)
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = await execute(database, 'SELECT 1 FROM pg_database WHERE datname = $1', [earlier.database])
    if (found.length === 0) return
  }
  assert.fail('the database of the test before is still there')
})

test('makes roles whose password the server verifies', async (t) => {
  const database = await createDatabase(t)
  const role = await createRole(t, database)
  const login = async (password: string): Promise<void> => {
    const client = new pg.Client({ ...database, ...role, password })
    await client.connect()
    await client.end()
  }
  await login(role.password)
  await assert.rejects(login('wrong'), { code: '28P01' })
})
