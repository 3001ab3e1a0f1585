/** Against moto, which verifies no signature and knows no rights. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { secretProviderSchema } from '@bulkhead/contract'
import { createWorkgroup, type TestAthena } from '../../../../test/support/athena.ts'
import { openProviders } from './open-providers.ts'
import { createSecretResolver, type SecretResolver } from './resolve-secrets.ts'

/** The identity of this process, as the AWS SDK finds it. */
function borrowIdentity(t: TestContext, { accessKeyId, secretAccessKey, sessionToken }: TestAthena): void {
  const variables = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
  }
  Object.assign(process.env, variables)
  t.after(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })
}

function resolverOf(application: string, region: string, endpoint: string | undefined): SecretResolver {
  const settings = secretProviderSchema.parse({ awsSecretsManager: { region, endpoint } })
  const providers = openProviders([settings], {})
  return createSecretResolver({ application, providers, onFound: () => undefined })
}

async function refusal(resolver: SecretResolver, name: string): Promise<string> {
  try {
    await resolver.resolve(name)
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    assert.ok(error.fix)
    assert.doesNotMatch(`${error.message} ${error.fix}`, /hunter2/)
    return `${error.code}: ${error.message}`
  }
  assert.fail('it was found')
}

test('finds secrets below the name of the application, as text or bytes', async (t) => {
  const aws = await createWorkgroup(t)
  borrowIdentity(t, aws)
  const { region, endpoint } = aws
  const client = new SecretsManagerClient({ region, ...(endpoint !== undefined && { endpoint }) })
  t.after(() => client.destroy())
  const put = (Name: string, value: object): Promise<unknown> =>
    client.send(new CreateSecretCommand({ Name, ...value }))
  await put('bulkhead/billing/db', { SecretString: 'hunter2 ö' })
  await put('bulkhead/billing/bytes', { SecretBinary: Buffer.from('hunter2 bytes') })
  await put('bulkhead/billing/binary', { SecretBinary: Buffer.from([0xff, 0xfe]) })
  await put('bulkhead/billing/gone', { SecretString: 'hunter2' })
  await put('bulkhead/shipping/only-there', { SecretString: 'hunter2' })
  await client.send(new DeleteSecretCommand({ SecretId: 'bulkhead/billing/gone' }))

  const billing = resolverOf('billing', region, endpoint)
  assert.equal((await billing.resolve('db')).reveal(), 'hunter2 ö')
  assert.equal((await billing.resolve('bytes')).reveal(), 'hunter2 bytes')
  assert.match(await refusal(billing, 'binary'), /^secret-unreadable: .*no text/)
  assert.match(await refusal(billing, 'gone'), /^secret-unreadable: .*InvalidRequestException/)
  assert.match(
    await refusal(billing, 'only-there'),
    new RegExp(`^secret-not-found: .*AWS Secrets Manager in ${region} has no bulkhead/billing/only-there`),
  )
})

test('tells what passes from what does not', async (t) => {
  borrowIdentity(t, await createWorkgroup(t))
  let type = ''
  let status = 400
  const server = createServer((_request, response) => {
    response.writeHead(status).end(JSON.stringify({ __type: type, message: 'hunter2' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const [answer, code] of [
    ['com.amazonaws.secretsmanager#ThrottlingException', 'secret-provider-unavailable'],
    ['InternalServiceError', 'secret-provider-unavailable'],
    ['AccessDeniedException', 'secret-unreadable'],
    ['com.amazonaws.secretsmanager#ResourceNotFoundException', 'secret-not-found'],
  ] as const) {
    type = answer
    assert.match(await refusal(resolverOf('billing', 'eu-central-1', endpoint), 'db'), new RegExp(`^${code}`))
  }
  status = 500
  assert.match(
    await refusal(resolverOf('billing', 'eu-central-1', endpoint), 'db'),
    /^secret-provider-unavailable/,
  )
})
