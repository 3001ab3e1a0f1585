import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, type TestClient } from './oidc.ts'

let earlier: TestClient

function ask(url: string, client: TestClient, fields: Readonly<Record<string, string>>): Promise<Response> {
  const login = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  return fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${login}` },
    body: new URLSearchParams(fields),
  })
}

const grant = { grant_type: 'client_credentials', scope: 'read' }

test('registers a client that gets tokens by its secret, and by nothing else', async (t) => {
  earlier = await createClient(t)
  const answer = await ask(earlier.tokenUrl, earlier, grant)
  const token = (await answer.json()) as { access_token: string; expires_in: number; scope: string }
  assert.equal(token.scope, 'read')
  const [, payload = ''] = token.access_token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  assert.equal(claims['client_id'], earlier.clientId)
  const refused = await ask(earlier.tokenUrl, { ...earlier, clientSecret: 'wrong' }, grant)
  assert.deepEqual(
    [refused.status, ((await refused.json()) as { error: string }).error],
    [401, 'invalid_client'],
  )
})

test('takes the secret in the body from a client that says so', async (t) => {
  const client = await createClient(t, 'client_secret_post')
  const answer = await fetch(client.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ ...grant, client_id: client.clientId, client_secret: client.clientSecret }),
  })
  assert.equal(answer.status, 200, await answer.text())
})

test('removes the client after the test', async () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await ask(earlier.tokenUrl, earlier, grant)).status === 401) return
  }
  assert.fail('the client of the test before is still there')
})
