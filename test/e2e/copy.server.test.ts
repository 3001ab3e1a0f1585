import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulkhead, json, temporaryFolder } from './command.ts'
import { createDatabase, createRole, execute } from '../support/postgres.ts'
import { contentsOf, createBucket } from '../support/s3.ts'

test('a table is copied from PostgreSQL to S3 and back, with passwords from the environment alone', async (t) => {
  const database = await createDatabase(t)
  const { user, password } = await createRole(t, database)
  await execute(database, 'CREATE TABLE "odd name" (id bigint, note text)')
  await execute(database, `INSERT INTO "odd name" SELECT g, 'n' || g FROM generate_series(1, 5000) g`)
  await execute(database, `GRANT SELECT ON "odd name" TO ${user}`)
  const bucket = await createBucket(t)
  const folder = temporaryFolder(t)
  const environment = {
    PGPASSWORD: password,
    AWS_ACCESS_KEY_ID: bucket.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    AWS_ENDPOINT_URL_S3: bucket.endpoint,
    AWS_REGION: bucket.region,
  }
  const copy = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
    json(await bulkhead(['copy', ...args, '--json'], { folder, environment }))
  const address = `postgres://${user}@${database.host}:${database.port}/${database.database}`
  const object = `s3://${bucket.bucket}/a/b/rows.jsonl.gz`

  const there = await copy(`${address}?table=odd name`, object)
  assert.deepEqual(
    [there['rows'], there['to'], there['format'], there['compression']],
    [5000, object, 'jsonl', 'gzip'],
  )
  const { objects, uploads } = await contentsOf(bucket)
  assert.deepEqual([objects.map(({ key }) => key), uploads], [['a/b/rows.jsonl.gz'], []])

  assert.equal((await copy(object, 'back.csv', '--query', 'SELECT * FROM input ORDER BY id'))['rows'], 5000)
  assert.match(readFileSync(join(folder, 'back.csv'), 'utf8'), /^id,note\n1,n1\n2,n2\n/)
  const again = await bulkhead(['copy', `${address}?table=odd name`, object], { folder, environment })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /code: s3-object-exists/)
  const forced = await bulkhead(['copy', 'back.csv', object, '--force'], { folder, environment })
  assert.match(forced.stderr, /--force replaces files, and no objects/)
})

test('a wrong password in the environment is refused like any other', async (t) => {
  const database = await createDatabase(t)
  const { user } = await createRole(t, database)
  const address = `postgres://${user}@${database.host}:${database.port}/${database.database}?query=SELECT 1`
  const { code, stderr } = await bulkhead(['copy', address, 'x.csv'], {
    folder: temporaryFolder(t),
    environment: { PGPASSWORD: 'hunter2-hunter2' },
  })
  assert.equal(code, 2)
  assert.match(stderr, /code: postgres-password-refused/)
  assert.doesNotMatch(stderr, /hunter2/)
})
