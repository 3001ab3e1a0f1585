/** Athena as a source, as its users have it: an application, secrets, a query with parameters, a file of exact values. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { createWorkgroup, queueResult, type TestAthena } from '../support/athena.ts'
import { bulkhead, temporaryFolder } from './command.ts'

async function application(
  t: TestContext,
  athena: TestAthena,
  policy: Readonly<Record<string, unknown>> = {},
): Promise<string> {
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
    policy,
  })
}

/** Runs the job; the secrets are those of the keys. */
async function run(
  folder: string,
  { secretAccessKey, sessionToken }: TestAthena,
): Promise<ReplyEvent['data']> {
  const args = ['--application', folder, '--quiet', '--job', 'orders', '--parameter', 'day=2026-10-31']
  const token = sessionToken === undefined ? {} : { BULKHEAD_SECRET__SALES__AWS_TOKEN: sessionToken }
  const environment = {
    BULKHEAD_ALLOW_LOOPBACK: '1',
    BULKHEAD_SECRET__SALES__AWS_KEY: secretAccessKey,
    ...token,
  }
  const { stdout, stderr } = await bulkhead(['run', ...args], { environment })
  assert.ok(stdout !== '', stderr)
  return (JSON.parse(stdout) as ReplyEvent).data
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
  const { result, error } = await run(await application(t, athena), athena)
  const location = result?.files[0]?.location ?? assert.fail(JSON.stringify(error))
  assert.equal(await readFile(fileURLToPath(location), 'utf8'), 'id,total\n9007199254740993,1.50\n')
})

test('the network policy of the application holds for Athena', async (t) => {
  const athena = await createWorkgroup(t)
  const folder = await application(t, athena, { network: { allow: ['athena.example.com:443'] } })
  const { error } = await run(folder, athena)
  assert.equal(error?.code, 'network-refused')
})
