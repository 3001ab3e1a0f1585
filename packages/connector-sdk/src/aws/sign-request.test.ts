/** What is signed here is verified by a signature computed once more from the description of AWS, without the SDK. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signatureV4 } from '../../../../test/support/signature-v4.ts'
import { type RequestToSign, signAwsRequest } from './sign-request.ts'

const scope = { service: 'es', region: 'eu-central-1' }
const keys = { accessKeyId: 'AKIAMADEUP', secretAccessKey: 'made/up+secret' }

/** That the headers hold a signature for just this request. */
function verify(
  headers: Readonly<Record<string, string>>,
  { method, url, body = '' }: RequestToSign,
  path: string,
): void {
  const [, credential, names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    ) ?? []
  const date = headers['x-amz-date'] ?? ''
  assert.equal(credential, `AKIAMADEUP/${date.slice(0, 8)}/eu-central-1/es/aws4_request`)
  const signed = Object.fromEntries(names.split(';').map((name) => [name, headers[name] ?? 'not sent']))
  for (const name of Object.keys(headers))
    assert.ok(name in signed || name === 'authorization', `${name} is not signed`)
  const expected = signatureV4(
    { ...scope, method, path, query: [...url.searchParams], headers: signed, payload: body, date },
    keys.secretAccessKey,
  )
  assert.equal(signature, expected)
}

test('signs method, address, headers and body', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2026-10-31T08:15:00Z') })
  const request = {
    method: 'POST',
    url: new URL('https://search.example:9200/orders/_search?routing=a%20b&expand_wildcards=all,hidden&x'),
    headers: { 'Content-Type': 'application/json' },
    body: '{"size":1000,"query":{"match":{"name":"é"}}}',
  }
  const headers = await signAwsRequest(request, scope, keys)
  assert.equal(headers['host'], 'search.example:9200')
  assert.equal(headers['x-amz-date'], '20261031T081500Z')
  assert.equal(headers['content-type'], 'application/json')
  assert.match(headers['x-amz-content-sha256'] ?? '', /^[0-9a-f]{64}$/)
  verify(headers, request, '/orders/_search')
})

test('signs an address that is encoded already as AWS does: once more', async () => {
  const request = { method: 'GET', url: new URL('https://search.example/%3Cday-%7Bnow%2Fd%7D%3E/_count') }
  verify(await signAwsRequest(request, scope, keys), request, '/%253Cday-%257Bnow%252Fd%257D%253E/_count')
})

test('signs bytes, values of one name, and the token of keys that were given for a time', async () => {
  const request = {
    method: 'POST',
    url: new URL('https://search.example/_bulk?b=2&b=1&a=%2B'),
    body: Buffer.from([0, 255]),
  }
  const headers = await signAwsRequest(request, scope, { ...keys, sessionToken: 'made/up=token' })
  assert.equal(headers['x-amz-security-token'], 'made/up=token')
  verify(headers, request, '/_bulk')
})
