import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createDatabase, execute } from '../../../test/support/mysql.ts'
import {
  never,
  openConnection,
  type Overrides,
  readAll,
  readOne,
  readRequest,
} from './testing/open-connection.ts'

const database = await createDatabase({ after })
for (const statement of [
  'CREATE TABLE dates (place int PRIMARY KEY, day date NULL, moment datetime(3) NULL, instant timestamp NULL)',
  'CREATE TABLE odd (day date NULL, flag tinyint(1) NULL)',
])
  await execute(database, statement)
await execute(
  database,
  `INSERT IGNORE INTO dates VALUES (1, '2026-10-31', '2026-10-31 08:15:00.250', '2026-10-31 08:15:00'), (2, NULL, NULL, NULL)`,
)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

async function readWith(config: Overrides['config'], query: string): Promise<readonly unknown[]> {
  await using own = await openConnection(database, { config: { ...config } })
  return await readAll(own, query)
}

describe('dates that no calendar has', () => {
  const zeros = "SELECT CAST('0000-00-00' AS date) AS v UNION ALL SELECT day FROM odd"
  const partial = ['0000-00-00', '2026-00-15', '2026-02-00', '0000-01-01', '2026-02-31']

  it('fail the run, name the column and show no value', async () => {
    for (const date of partial) {
      await store(date)
      await assert.rejects(
        readAll(source, 'SELECT day FROM odd'),
        (error: Error & { code: string; path: string }) => {
          assert.deepEqual([error.code, error.path], ['mysql-zero-date', 'query'])
          assert.match(error.message, /"day"/)
          assert.doesNotMatch(error.message.replace('such as 0000-00-00', ''), /\d{4}-/)
          return true
        },
      )
    }
    await assert.rejects(readAll(source, zeros), { code: 'mysql-zero-date' })
  })
  it('are null, or text, when the settings say so', async () => {
    for (const date of partial) {
      await store(date)
      const query =
        "SELECT day, TIMESTAMP(day) AS moment FROM odd UNION ALL SELECT '2026-10-31', '2026-10-31 08:15:00'"
      assert.deepEqual(await readWith({ zeroDates: 'null' }, 'SELECT day FROM odd'), [{ day: null }])
      assert.deepEqual(await readWith({ zeroDates: 'text' }, 'SELECT day FROM odd'), [{ day: date }])
      assert.equal((await readWith({ zeroDates: 'text' }, query)).length, 2)
    }
    assert.deepEqual(await readWith({ zeroDates: 'text' }, 'SELECT * FROM dates'), [
      { place: 1, day: '2026-10-31', moment: '2026-10-31 08:15:00.250', instant: '2026-10-31 08:15:00' },
      { place: 2, day: null, moment: null, instant: null },
    ])
  })
  const store = async (date: string): Promise<void> => {
    await execute(database, 'DELETE FROM odd')
    await execute(
      database,
      `SET STATEMENT sql_mode = 'ALLOW_INVALID_DATES' FOR INSERT INTO odd (day) VALUES ('${date}')`,
    )
  }
})

describe('TINYINT(1)', () => {
  it('is a boolean when the settings say so, and then nothing but 0 and 1', async () => {
    await execute(database, 'DELETE FROM odd')
    await execute(database, 'INSERT INTO odd (flag) VALUES (0), (1), (NULL)')
    const query = 'SELECT flag FROM odd ORDER BY flag'
    assert.deepEqual(await readWith({ tinyint1: 'boolean' }, query), [
      { flag: null },
      { flag: false },
      { flag: true },
    ])
    assert.deepEqual(await readWith({}, query), [{ flag: null }, { flag: 0 }, { flag: 1 }])
    for (const value of [2, -1]) {
      await execute(database, `INSERT INTO odd (flag) VALUES (${value})`)
      await assert.rejects(readWith({ tinyint1: 'boolean' }, `SELECT flag FROM odd WHERE flag = ${value}`), {
        code: 'mysql-not-a-boolean',
      })
    }
  })
})

describe('results', () => {
  it('without rows have their columns', async () => {
    await using extract = await source.prepare(readRequest('SELECT place, day FROM dates WHERE FALSE'), never)
    assert.deepEqual(
      extract.fields.map(({ name }) => name),
      ['place', 'day'],
    )
    assert.deepEqual(await Array.fromAsync(extract.read(never)), [])
  })
  it('of many columns keep their nulls apart', async () => {
    const columns = Array.from(
      { length: 300 },
      (_, index) => `${index % 3 === 0 ? 'NULL' : index} AS c${index}`,
    )
    const [row] = await readAll(source, `SELECT ${columns.join(', ')}`)
    assert.deepEqual(
      Object.values(row ?? {}),
      Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? null : index)),
    )
  })
  it('with values longer than a packet, of 16 MiB, are whole', async () => {
    const rows = await readAll(
      source,
      `SELECT REPEAT('x', 40000000) AS a, 'end' AS b UNION ALL SELECT 'y', 'end'`,
    )
    assert.deepEqual(
      rows.map(({ a, b }) => [String(a).length, b]),
      [
        [40_000_000, 'end'],
        [1, 'end'],
      ],
    )
  })
  it('with a row beyond `maxRowSize` fail', async () => {
    await assert.rejects(readWith({ maxRowSize: '64KiB' }, `SELECT REPEAT('x', 70000) AS a`), {
      code: 'mysql-row-too-large',
      path: 'config.maxRowSize',
    })
  })
  it('with two columns of one name are fine in CSV only', async () => {
    const query = 'SELECT 1 AS a, 2 AS a'
    await using extract = await source.prepare(readRequest(query), never)
    assert.equal(extract.fields.length, 2)
    await assert.rejects(source.prepare(readRequest(query, { format: 'jsonl' }), never), {
      code: 'mysql-duplicate-column',
    })
  })
  it('have at most so many rows as are asked for, whatever limit the query has', async () => {
    const more = { maxRows: 3 }
    for (const query of [
      'SELECT seq FROM seq_1_to_1000 ORDER BY seq',
      'SELECT seq FROM seq_1_to_1000 ORDER BY seq LIMIT 500',
      '(SELECT seq FROM seq_1_to_10) UNION ALL (SELECT seq FROM seq_1_to_10)',
      'WITH x AS (SELECT seq FROM seq_1_to_1000) SELECT * FROM x',
      'VALUES (1), (2), (3), (4)',
    ])
      assert.equal((await readAll(source, query, {}, more)).length, 3, query)
    assert.equal(await readOne(source, 'SELECT COUNT(*) AS n FROM seq_1_to_1000'), 1000n)
  })
})

describe('what the server would cut', () => {
  it('fails the run', async () => {
    const long = `SELECT GROUP_CONCAT(REPEAT('x', 1000) SEPARATOR '') AS v FROM seq_1_to_2000`
    assert.equal(String(await readOne(source, long)).length, 2_000_000)
    await assert.rejects(readAll(source, `SELECT REPEAT('x', 2000000000) AS v`), { code: 'mysql-value-cut' })
  })
  it('or is noted in the log without its values', async () => {
    const warnings: unknown[] = []
    await using own = await openConnection(database, { warnings })
    assert.deepEqual(await readAll(own, `SELECT CAST('12secret' AS UNSIGNED) AS v`), [{ v: 12n }])
    assert.deepEqual(warnings, [{ numbers: [1292] }])
  })
})
