import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '../schema.ts'
import { awsCredentials } from './credentials.ts'
import { identityFields, identityProblem } from './identity.ts'
import { rdsIamProblem } from './rds-iam.ts'

const keys = { accessKeyId: 'key', secretAccessKey: 'secret' }
const settings = z.strictObject(
  identityFields({ right: 'es:ESHttpGet', permission: 'BULKHEAD_TEST_MACHINE_IDENTITY' }),
)
const { signal } = new AbortController()

test('takes the keys that it was given, and nothing else', async () => {
  assert.deepEqual(await awsCredentials(settings.parse(keys))(signal), keys)
  assert.equal(identityProblem(settings.parse(keys), undefined), undefined)
  assert.equal(identityProblem(settings.parse({}), 'allow')?.name, 'accessKeyId')
  assert.equal(identityProblem(settings.parse({ accessKeyId: 'key' }), 'allow')?.name, 'secretAccessKey')
})

test('borrows the identity of the machine only when both sides say so, and no keys besides', () => {
  const machine = settings.parse({ identity: 'machine' })
  for (const allowed of [undefined, '1']) {
    assert.equal(identityProblem(machine, allowed)?.problem, 'machine-refused')
  }
  assert.equal(identityProblem(machine, 'allow'), undefined)
  assert.equal(
    identityProblem(settings.parse({ identity: 'machine', sessionToken: 'x' }), 'allow')?.name,
    'sessionToken',
  )
})

test('finds the identity of the machine as the AWS SDK does, or says that there is none', async (t) => {
  const environment: Readonly<Record<string, string>> = {
    AWS_ACCESS_KEY_ID: 'machine',
    AWS_SECRET_ACCESS_KEY: 'also',
    AWS_SESSION_TOKEN: 'temporary',
  }
  Object.assign(process.env, environment)
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const found = await awsCredentials({ identity: 'machine' })(signal)
  assert.equal(found?.accessKeyId, 'machine')
  assert.equal(found?.sessionToken, 'temporary')
  const stopped = AbortSignal.abort(new Error('the test stops it'))
  await assert.rejects(awsCredentials({ identity: 'machine' })(stopped), { message: 'the test stops it' })
})

test('a token of RDS is for a server that has proved who it is, and for no password besides', () => {
  const iam = { region: 'eu-central-1', identity: 'keys', ...keys } as const
  for (const tlsMode of ['disable', 'require', 'verify-ca'])
    assert.equal(rdsIamProblem(iam, { password: undefined, tlsMode }, undefined)?.name, 'tls.mode')
  const verified = { password: undefined, tlsMode: 'verify-full' }
  assert.equal(rdsIamProblem(iam, verified, undefined), undefined)
  assert.equal(rdsIamProblem(iam, { ...verified, password: 'x' }, undefined)?.name, 'password')
  assert.equal(
    rdsIamProblem({ ...iam, accessKeyId: undefined }, verified, undefined)?.name,
    'iam.accessKeyId',
  )
})
