/** Athena as a source, as its users have it: an application, secrets, a query with parameters, a file of exact values. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { createWorkgroup, queueResult, type TestAthena } from '../support/athena.ts'
import { bulkhead, temporaryFolder } from './command.ts'

async function application(t: TestContext, athena: TestAthena): Promise<string> {
  const { region, workgroup, outputLocation, database, endpoint, accessKeyId, sessionToken } = athena
  return await writeApplication(temporaryFolder(t), 'sales', {
    connections: {
      lake: {
        connector: 'athena',
        config: {
          region,
          workgroup,
          outputLocation,
          database,
          accessKeyId,
          secretAccessKey: { secret: 'aws-key' },
          ...(sessionToken === undefined ? {} : { sessionToken: { secret: 'aws-token' } }),
          ...(endpoint === undefined ? {} : { endpoint, s3Endpoint: endpoint }),
        },
      },
    },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    jobs: {
      orders: {
        parameters: { day: { type: 'date' } },
        source: {
          connection: 'lake',
          query:
            "SELECT id, total FROM (VALUES (BIGINT '9007199254740993', DECIMAL '1.50', '2026-10-31')) AS t (id, total, day) WHERE day = :day",
        },
        output: { format: 'csv' },
        deliver: { store: 'out' },
      },
    },
  })
}

test('a query of Athena becomes a file with exact values', async (t) => {
  const athena = await createWorkgroup(t)
  if (athena.endpoint !== undefined)
    await queueResult(athena, {
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'total', type: 'decimal' },
      ],
      rows: [['9007199254740993', '1.50']],
    })
  const ended = await bulkhead(
    [
      'run',
      '--application',
      await application(t, athena),
      '--quiet',
      '--job',
      'orders',
      '--parameter',
      'day=2026-10-31',
    ],
    {
      environment: {
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_SECRET__SALES__AWS_KEY: athena.secretAccessKey,
        ...(athena.sessionToken === undefined
          ? {}
          : { BULKHEAD_SECRET__SALES__AWS_TOKEN: athena.sessionToken }),
      },
    },
  )
  assert.equal(ended.code, 0, ended.stderr + ended.stdout)
  const { data } = JSON.parse(ended.stdout) as ReplyEvent
  const location = data.result?.files[0]?.location ?? assert.fail(JSON.stringify(data.error))
  assert.equal(await readFile(fileURLToPath(location), 'utf8'), 'id,total\n9007199254740993,1.50\n')
})
