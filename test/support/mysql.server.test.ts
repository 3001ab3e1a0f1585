import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { createDatabase, createUser, execute, type TestMysqlDatabase } from './mysql.ts'

let earlier: TestMysqlDatabase

test('makes an empty database in utf8mb4, open to any client', async (t) => {
  earlier = await createDatabase(t)
  const connection = await createConnection(earlier.url)
  t.after(() => connection.end()) // runs after the hook of createDatabase: the drop has to wait for it
  const [rows] = await connection.query('SELECT DATABASE() AS name, @@character_set_database AS encoding')
  assert.deepEqual(rows, [{ name: earlier.database, encoding: 'utf8mb4' }])
})

test('drops the database after the test', async (t) => {
  const database = await createDatabase(t)
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = await execute(database, 'SHOW DATABASES LIKE ?', [earlier.database])
    if (found.length === 0) return
  }
  assert.fail('the database of the test before is still there')
})

test('makes users whose password and rights the server enforces', async (t) => {
  const database = await createDatabase(t)
  await execute(database, 'CREATE TABLE items (id int)')
  const user = await createUser(t, database, 'SELECT')
  const as = (password: string, sql: string): Promise<unknown> =>
    execute(
      new URL(`mysql://${user.user}:${password}@${database.host}:${database.port}/${database.database}`),
      sql,
    )
  assert.deepEqual(await as(user.password, 'SELECT * FROM items'), [])
  await assert.rejects(as('wrong', 'SELECT 1'), { code: 'ER_ACCESS_DENIED_ERROR' })
  await assert.rejects(as(user.password, 'INSERT INTO items VALUES (1)'), {
    code: 'ER_TABLEACCESS_DENIED_ERROR',
  })
})
