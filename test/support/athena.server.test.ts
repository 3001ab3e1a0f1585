import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena'
import { athenaClient, createWorkgroup, queueResult, type TestAthena } from './athena.ts'

/** Runs a query and resolves to its rows, as text. */
async function query(t: TestContext, athena: TestAthena): Promise<readonly (readonly unknown[])[]> {
  const client = athenaClient(t, athena)
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({ QueryString: 'SELECT id FROM items', WorkGroup: athena.workgroup }),
  )
  const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }))
  assert.equal(QueryExecution?.Status?.State, 'SUCCEEDED')
  const { ResultSet } = await client.send(new GetQueryResultsCommand({ QueryExecutionId }))
  return (ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue))
}

test('answers to each test what that test has put there, and to no other', async (t) => {
  const [one, two] = [await createWorkgroup(t), await createWorkgroup(t)]
  const columns = [{ name: 'id', type: 'integer' }]
  await queueResult(one, { columns, rows: [['1'], [undefined]] })
  await queueResult(two, { columns, rows: [['2']] })
  assert.deepEqual(await query(t, two), [['id'], ['2']])
  assert.deepEqual(await query(t, one), [['id'], ['1'], [undefined]])
})
