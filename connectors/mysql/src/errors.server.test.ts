import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createDatabase, createUser, execute } from '../../../test/support/mysql.ts'
import { openConnection, readAll } from './testing/open-connection.ts'

const admin = await createDatabase({ after })
const limited = await createUser({ after }, admin, 'EXECUTE')
const database = { ...admin, ...limited }
for (const statement of [
  'CREATE TABLE account (id int PRIMARY KEY, balance bigint unsigned, secret varchar(50))',
  "INSERT INTO account VALUES (1, 10, 'canary-value'), (2, 5, 'canary-value')",
  'CREATE TABLE hidden (a int)',
  `CREATE FUNCTION fails(v varchar(50)) RETURNS int
    BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v; RETURN 1; END`,
  `GRANT SELECT ON ${admin.database}.account TO ${limited.user}@'%'`,
])
  await execute(admin, statement)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

interface Failure {
  readonly kind: string
  readonly code: string
  readonly message: string
  readonly path: string | undefined
  readonly fix: string
}
const failure = async (query: string, parameters = {}): Promise<Failure> =>
  readAll(source, query, parameters).then(
    () => assert.fail('it was accepted'),
    (error: Failure) => error,
  )

describe('errors of the server', () => {
  const expected: readonly [query: string, code: string, message: RegExp][] = [
    ['SELECT *\nFROM accounts', 'mysql-permission-denied', /accounts/],
    ['SELECT balnce FROM account', 'mysql-query-invalid', /Unknown column 'balnce'/],
    ['SELECT 1\nFROM account\nWHERE AND', 'mysql-query-invalid', /at line 3 \(1064\)$/],
    ['SELECT nothing(1)', 'mysql-query-invalid', /nothing/],
    ['SELECT id FROM account a, account b', 'mysql-query-invalid', /ambiguous/],
    ['SELECT * FROM hidden', 'mysql-permission-denied', /SELECT command denied/],
    ['SELECT * FROM mysql.user', 'mysql-permission-denied', /denied/],
    [
      'SELECT balance - 7 FROM account ORDER BY id',
      'mysql-value-refused',
      /^A value cannot be computed or converted \(1690\)$/,
    ],
    ['SELECT (SELECT secret FROM account) AS x', 'mysql-value-refused', /\(1242\)$/],
    ["SELECT secret REGEXP '(' FROM account", 'mysql-value-refused', /\(1139\)$/],
    [
      'SELECT fails(secret) FROM account',
      'mysql-function-failed',
      /^A function of the database failed \(1644\)$/,
    ],
  ]
  for (const [query, code, message] of expected)
    it(`${code}: ${query.replaceAll('\n', ' ')}`, async () => {
      const error = await failure(query)
      assert.deepEqual([error.code, error.path], [code, 'query'])
      assert.match(error.message, message)
      assert.ok(error.fix)
      assert.doesNotMatch(JSON.stringify(error) + error.message, /canary/)
    })

  it('repeat no value of a parameter', async () => {
    for (const query of ['SELECT fails(:v)', 'SELECT secret REGEXP :v FROM account']) {
      const error = await failure(query, { v: '(canary' })
      assert.match(error.code, /^mysql-/)
      assert.doesNotMatch(JSON.stringify(error) + error.message, /canary/)
    }
  })
})

describe('a failed read', () => {
  it('leaves the source usable', async () => {
    await failure('SELECT nonsense')
    assert.deepEqual(await readAll(source, 'SELECT id FROM account WHERE id = 1'), [{ id: 1 }])
  })
})
