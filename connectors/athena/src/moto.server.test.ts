/** Against the stand-in for Athena of another make, or against Athena itself where the environment names one. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readRequest, readRows, testContext } from '@bulkhead/connector-sdk/testing'
import {
  type AthenaResult,
  createWorkgroup,
  queueResult,
  type TestAthena,
} from '../../../test/support/athena.ts'
import connector from './index.ts'

const result: AthenaResult = {
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'name', type: 'varchar' },
    { name: 'day', type: 'date' },
  ],
  rows: [
    ['1', 'Ada, "A."', '1815-12-10'],
    ['2', undefined, undefined],
  ],
}
const sql =
  "SELECT * FROM (VALUES (BIGINT '1', 'Ada, \"A.\"', DATE '1815-12-10'), (BIGINT '2', NULL, NULL)) AS t (id, name, day) WHERE id < :id ORDER BY id"
const rows = [
  { id: 1n, name: 'Ada, "A."', day: '1815-12-10' },
  { id: 2n, name: null, day: null },
]

/** The settings of a workgroup; on the stand-in S3 is at the same address. */
function settingsOf(athena: TestAthena): Record<string, unknown> {
  const { endpoint, region, workgroup, database, accessKeyId, secretAccessKey, sessionToken } = athena
  return {
    region,
    workgroup,
    database,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(endpoint === undefined ? {} : { endpoint, s3Endpoint: endpoint }),
  }
}

async function readAll(t: TestContext, settings: Record<string, unknown>): Promise<unknown> {
  const context = testContext({ config: connector.config.parse(settings) })
  t.after(() => context[Symbol.asyncDispose]())
  await using source = await connector.source?.open(context)
  assert.ok(source)
  assert.match(await source.check(context.signal), /^Athena knows the keys/)
  const request = readRequest({ query: sql, parameters: { id: 3 } }, 'rows')
  await using extract = await source.prepare(request, context.signal)
  return await readRows(extract, context.signal)
}

test('reads a result page by page', async (t) => {
  const server = await createWorkgroup(t)
  if (server.endpoint !== undefined) await queueResult(server, result)
  assert.deepEqual(await readAll(t, { ...settingsOf(server), results: 'pages' }), rows)
})

test('reads a result as the object that lies in S3', async (t) => {
  const server = await createWorkgroup(t)
  // the stand-in writes its CSV without doubling quotes
  const plain = [['1', 'Ada', '1815-12-10'] as const]
  if (server.endpoint !== undefined) await queueResult(server, { ...result, rows: plain })
  const settings = { ...settingsOf(server), outputLocation: server.outputLocation, results: 'object' }
  const expected = server.endpoint === undefined ? rows : [{ ...rows[0], name: 'Ada' }]
  assert.deepEqual(await readAll(t, settings), expected)
})
