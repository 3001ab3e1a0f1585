import assert from 'node:assert/strict'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { testContext } from '@bulkhead/connector-sdk/testing'
import { config as schema } from './config.ts'
import { openDatabase } from './database/database.ts'
import { tablesOf } from './files/table.ts'
import { answer, failsWith, folderOf, signal } from './testing.test-support.ts'

test('a query reads its tables and no other file, however it asks', async (t) => {
  const folder = await folderOf(t, { 'mine.csv': 'a\n1\n', 'other.csv': 'secret\n' })
  await writeFile(join(folder, 'other.jsonl'), '{"secret":1}\n')
  const config = { folder, files: { mine: { path: 'mine.csv' } } }
  const attempts = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/pass*')",
    "SELECT * FROM '/etc/passwd'",
    `SELECT * FROM '${folder}/other.csv'`,
    `SELECT * FROM read_csv('${folder}/other.csv')`,
    `SELECT * FROM read_csv('${folder}/../${folder.split('/').at(-1)}/other.csv')`,
    `SELECT * FROM read_csv('${folder}/mine.csv/../other.csv')`,
    `SELECT * FROM read_csv(['${folder}/mine.csv', '${folder}/other.csv'])`,
    `SELECT * FROM read_csv('${folder}/*.csv')`,
    `SELECT * FROM read_json('${folder}/other.jsonl')`,
    `SELECT * FROM sniff_csv('${folder}/other.csv')`,
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    `SELECT * FROM glob('${folder}/*')`,
    "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    "SELECT * FROM read_duckdb('/srv/x.db')",
    "SELECT getenv('HOME')",
    "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT (SELECT content FROM read_text('/etc/passwd')) AS x FROM mine",
    "FROM mine WHERE a IN (SELECT size FROM read_text('/etc/passwd'))",
  ]
  for (const attempt of attempts) {
    await assert.rejects(answer(attempt, { config }), (error) => {
      assert.ok(isBulkheadError(error), attempt)
      assert.ok(
        ['duckdb-query-refused', 'duckdb-query-invalid'].includes(error.code),
        `${attempt}: ${error.code}`,
      )
      return true
    })
  }
  assert.deepEqual((await answer('FROM mine', { config })).rows, [{ a: 1n }])
})

test('only one statement that reads is taken', async () => {
  const attempts = [
    'SELECT 1; DROP VIEW x',
    'SET threads = 4',
    'SET VARIABLE x = 1',
    'RESET memory_limit',
    'PRAGMA version',
    'CALL pragma_version()',
    'INSTALL httpfs',
    'LOAD httpfs',
    "ATTACH ':memory:' AS other",
    "COPY (SELECT 1) TO '/srv/x.csv'",
    'CREATE TABLE t AS SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
    'PREPARE p AS SELECT 1',
    'BEGIN',
    'CHECKPOINT',
    'PIVOT (SELECT 1 AS a, 2 AS b) ON b USING sum(a)',
  ]
  for (const attempt of attempts) {
    await assert.rejects(
      answer(attempt),
      (error) => {
        assert.ok(isBulkheadError(error) && ['config', 'policy'].includes(error.kind), attempt)
        return true
      },
      attempt,
    )
  }
  for (const query of ['VALUES (1)', 'WITH x AS (SELECT 1) FROM x', 'SELECT 1 -- ; really', "SELECT ';';"]) {
    assert.equal((await answer(query)).rows.length, 1)
  }
  assert.equal((await answer('PIVOT (SELECT 1 AS a, 2 AS b) ON b IN (2, 3) USING sum(a)')).rows.length, 1)
})

test('the lock itself refuses what the check of statements lets nobody try', async (t) => {
  const folder = await folderOf(t, { 'mine.csv': 'a\n1\n' })
  await using context = testContext({
    config: schema.parse({ folder, files: { mine: { path: 'mine.csv' } } }),
  })
  const tables = tablesOf(context.config.files).map((table) => ({ table, paths: [join(folder, 'mine.csv')] }))
  const temporaryFolder = await context.temporaryFolder()
  const database = await openDatabase(
    { config: context.config, tables, temporaryFolder, budgetMs: 60_000 },
    signal,
  )
  t.after(() => database.close())
  for (const statement of [
    `COPY mine TO '${folder}/stolen.csv'`,
    `COPY mine TO '${folder}/mine.csv'`,
    `EXPORT DATABASE '${folder}/dump'`,
    `ATTACH '${folder}/new.db' AS other`,
    'INSTALL httpfs',
    'LOAD httpfs',
    "SET memory_limit = '10GB'",
    'SET threads = 64',
    'SET lock_configuration = false',
    'RESET lock_configuration',
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    "SET temp_directory = '/tmp'",
  ]) {
    await assert.rejects(
      database.connection.run(statement),
      /Permission Error|Invalid Input Error: Cannot change/,
      statement,
    )
  }
  assert.deepEqual(await readdir(folder), ['mine.csv'])
  assert.equal(await readFile(join(folder, 'mine.csv'), 'utf8'), 'a\n1\n')
})

test('settings cannot become SQL', async (t) => {
  const folder = await folderOf(t, { "o'clock.csv": "a'b\n1\n", '[x]*.csv': 'a\n2\n', 'xx.csv': 'a\n3\n' })
  const files = {
    quoted: { path: "o'clock.csv", csv: { nullText: "'); DROP VIEW x; --" } },
    starred: { path: '[x]*.csv', columns: { "a'); --": 'INTEGER' }, csv: { header: true } },
  }
  assert.deepEqual((await answer('FROM quoted', { config: { folder, files } })).rows, [{ "a'b": 1n }])
  assert.deepEqual((await answer('FROM starred', { config: { folder, files } })).rows, [{ "a'); --": 2 }])
})

test('a table stays inside the folder, by path and by link', async (t) => {
  const outside = await folderOf(t, { 'secret.csv': 'a\n1\n' })
  const folder = await folderOf(t)
  await symlink(join(outside, 'secret.csv'), join(folder, 'link.csv'))
  await symlink(outside, join(folder, 'linked'))
  for (const path of ['../*', '/etc/passwd', 'link.csv', 'linked/*.csv', '*.csv']) {
    await assert.rejects(
      answer('FROM t', { config: { folder, files: { t: { path } } } }),
      failsWith('duckdb-file-outside'),
      path,
    )
  }
})
