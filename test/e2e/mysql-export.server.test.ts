/** A query on MySQL or MariaDB becomes a file, as its users do it: a request to the command, a reply, the file. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import type { ReplyEvent } from '@bulkhead/contract'
import { parquetReadObjects } from 'hyparquet'
import { writeApplication } from '../support/application-folder.ts'
import { createDatabase, createUser, execute } from '../support/mysql.ts'
import { bulkhead, temporaryFolder } from './command.ts'

const password = 'BULKHEAD_SECRET__SHOP__PASSWORD'

async function shop(t: TestContext) {
  const database = await createDatabase(t)
  const user = await createUser(t, database, 'SELECT')
  await execute(
    database,
    `CREATE TABLE sale (id bigint unsigned PRIMARY KEY, amount decimal(30, 10), day date, at timestamp(3) NULL, note text,
     state enum('open', 'paid'), lasted time, flag bit(1), tags json, raw varbinary(4))`,
  )
  await execute(
    database,
    `INSERT INTO sale VALUES
     (1, 0.1, '2026-10-31', '2026-10-31 08:15:00.25', 'a "b",\nc', 'paid', '-100:00:01', b'1', '["x"]', x'00ff'),
     (18446744073709551615, -12345678901234567890.0123456789, NULL, NULL, '', NULL, NULL, b'0', NULL, NULL)`,
  )
  const folder = await writeApplication(temporaryFolder(t), 'shop', {
    connections: {
      shop: {
        connector: 'mysql',
        config: {
          host: database.host,
          port: database.port,
          database: database.database,
          user: user.user,
          password: { secret: 'password' },
        },
      },
    },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    policy: { adHoc: { queries: ['shop'] } },
  })
  const run = (request: object) =>
    bulkhead(['run', '-a', folder, '-r', '-'], {
      input: JSON.stringify({ requestId: 'r-1', ...request }),
      environment: { BULKHEAD_ALLOW_LOOPBACK: '1', [password]: user.password },
    })
  return { database, run }
}

async function fileOf(stdout: string): Promise<Buffer> {
  const { data } = JSON.parse(stdout) as ReplyEvent
  assert.equal(data.consistency, 'snapshot')
  return readFile(fileURLToPath(data.result?.files[0]?.location ?? assert.fail(JSON.stringify(data.error))))
}

test('a query on MySQL becomes CSV, JSON Lines and Parquet, every digit kept', async (t) => {
  const { run } = await shop(t)
  const source = {
    connection: 'shop',
    query: 'SELECT * FROM sale WHERE id IN (:ids) OR note = :note ORDER BY id',
  }
  const parameters = { ids: [1, 2], note: '' }
  const results = ['csv', 'jsonl', 'parquet'].map(async (format) => {
    const ended = await run({ source, parameters, output: { format } })
    assert.equal(ended.code, 0, ended.stderr)
    return fileOf(ended.stdout)
  })
  const [csv, jsonl, parquet] = await Promise.all(results)
  assert.equal(
    csv?.toString(),
    `id,amount,day,at,note,state,lasted,flag,tags,raw
1,0.1000000000,2026-10-31,2026-10-31 08:15:00.25+00,"a ""b"",\nc",paid,-100:00:01,1,"[""x""]",\\x00ff
18446744073709551615,-12345678901234567890.0123456789,,,"",,,0,,
`,
  )
  assert.equal(
    jsonl?.toString(),
    [
      '{"id":1,"amount":0.1000000000,"day":"2026-10-31","at":"2026-10-31T08:15:00.25+00:00","note":"a \\"b\\",\\nc","state":"paid","lasted":"-100:00:01","flag":true,"tags":["x"],"raw":"\\\\x00ff"}\n',
      '{"id":18446744073709551615,"amount":-12345678901234567890.0123456789,"day":null,"at":null,"note":"","state":null,"lasted":null,"flag":false,"tags":null,"raw":null}\n',
    ].join(''),
  )
  const file = parquet ?? Buffer.alloc(0)
  const rows = await parquetReadObjects({
    file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer,
    compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
  })
  assert.deepEqual(
    rows.map(({ id, flag }) => [id, flag]),
    [
      [1n, true],
      [18_446_744_073_709_551_615n, false],
    ],
  )
})

test('a query on MySQL that writes, or that the server does not know, is answered with what to do', async (t) => {
  const { run, database } = await shop(t)
  const failures = [
    ['DELETE FROM sale', 2, 'mysql-not-a-query'],
    ["SELECT * FROM sale INTO OUTFILE 'sales.csv'", 2, 'mysql-write-refused'],
    ['SELECT * FROM sail', 2, 'mysql-query-invalid'],
  ] as const
  for (const [query, code, error] of failures) {
    const ended = await run({ source: { connection: 'shop', query } })
    assert.equal(ended.code, code, ended.stderr)
    const { data } = JSON.parse(ended.stdout) as ReplyEvent
    assert.deepEqual([data.error?.code, data.result], [error, undefined])
    assert.ok(data.error?.fix)
  }
  assert.equal((await execute(database, 'SELECT * FROM sale')).length, 2)
})
