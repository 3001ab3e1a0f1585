/**
 * Signatures for Amazon OpenSearch, by the protocol: a proxy before the server of the tests computes them once more,
 * without the SDK, from what it received, and lets nothing else pass.
 */
import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, type TestContext, test } from 'node:test'
import { createIndexName } from '../../../test/support/opensearch.ts'
import { signatureV4 } from '../../../test/support/signature-v4.ts'
import { fillIndex } from './testing/indices.ts'
import { openSource } from './testing/open-source.ts'

const server = createIndexName({ after })
const { index } = server
await fillIndex(server, index, ['{"a":1,"b":"é"}'], { settings: { number_of_routing_shards: 1 } })
const keys = { accessKeyId: 'AKIAMADEUP', secretAccessKey: 'made/up+secret', sessionToken: 'made/up=token' }
const aws = { region: 'eu-central-1', ...keys }

const encoded = (part: string): string => encodeURIComponent(part).replaceAll('*', '%2A')

interface Guard {
  readonly url: string
  readonly received: readonly {
    readonly path: string
    readonly host: string | undefined
    readonly date: string
  }[]
}

/** As AWS does: 403 for whatever is not signed for it, now, in full. */
async function startGuard(t: TestContext, service = 'es'): Promise<Guard> {
  const received: { path: string; host: string | undefined; date: string }[] = []
  const guard = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await buffer(incoming)
      const { method = '', url: path = '', headers } = incoming
      const date = String(headers['x-amz-date'])
      received.push({ path, host: headers.host, date })
      const message = refusalOf(method, path, headers, body, date)
      if (message !== undefined) {
        outgoing.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
        return
      }
      const { hostname, port } = new URL(server.url)
      const { host: _host, ...rest } = headers
      httpRequest({ hostname, port, method, path, headers: rest }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      }).end(body)
    })()
  })
  const refusalOf = (
    method: string,
    path: string,
    headers: NodeJS.Dict<string | string[]>,
    body: Buffer,
    date: string,
  ): string | undefined => {
    const [, credential, names = '', signature] =
      /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(
        headers.authorization as string,
      ) ?? []
    if (signature === undefined) return 'Missing Authentication Token'
    if (headers['x-amz-security-token'] !== keys.sessionToken)
      return 'The security token included in the request is invalid.'
    if (credential !== `${keys.accessKeyId}/${date.slice(0, 8)}/eu-central-1/${service}/aws4_request`)
      return 'Credential should be scoped to a valid region.'
    const address = new URL(path, 'http://unused')
    const expected = signatureV4(
      {
        method,
        // AWS encodes the path of a request once more, of S3 alone it does not
        path: address.pathname.split('/').map(encoded).join('/'),
        query: [...address.searchParams],
        headers: Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])])),
        payload: body,
        date,
        region: 'eu-central-1',
        service,
      },
      keys.secretAccessKey,
    )
    const isWhole = ['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) =>
      names.split(';').includes(name),
    )
    return isWhole && signature === expected
      ? undefined
      : 'The request signature we calculated does not match the signature you provided.'
  }
  guard.listen(0, '127.0.0.1')
  await once(guard, 'listening')
  t.after(async () => {
    guard.closeAllConnections()
    guard.close()
    await once(guard, 'close')
  })
  return { url: `http://127.0.0.1:${(guard.address() as AddressInfo).port}`, received }
}

async function read(config: object, query: object = { index }): Promise<string[]> {
  await using open = await openSource({ attempts: 1, ...config })
  return open.lines(query)
}

const refusal = (config: object): Promise<{ code?: string; path?: string; message: string }> =>
  read(config).then(
    () => assert.fail('it was let in'),
    (error: { code?: string; path?: string; message: string }) => error,
  )

test('signs every request, with its body, for service and region', async (t) => {
  for (const service of ['es', 'aoss']) {
    const guard = await startGuard(t, service)
    assert.deepEqual(await read({ nodes: [guard.url], aws: { ...aws, service } }), ['{"a":1,"b":"é"}'])
    assert.ok(guard.received.length >= 5)
  }
})

test('signs names and values that an address encodes', async (t) => {
  const guard = await startGuard(t)
  const query = { index: [index, `${index}*`], routing: 'a b+c/é', query: { match: { b: 'é "' } } }
  await read({ nodes: [guard.url], aws }, query)
  assert.ok(guard.received.some(({ path }) => path.includes('routing=a%20b%2Bc%2F%C3%A9')))
})

test('signs for the name by which AWS knows the domain, behind a tunnel', async (t) => {
  const guard = await startGuard(t)
  const host = 'search-orders-abc.eu-central-1.es.amazonaws.com'
  await read({ nodes: [guard.url], aws: { ...aws, host } })
  assert.ok(guard.received.every((request) => request.host === host))
})

test('signs each request at its moment', async (t) => {
  const guard = await startGuard(t)
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2026-10-31T08:15:00Z') })
  await using open = await openSource({ attempts: 1, nodes: [guard.url], aws })
  await open.source.check(new AbortController().signal)
  t.mock.timers.setTime(new Date('2026-10-31T09:15:00Z').getTime())
  await open.source.check(new AbortController().signal)
  assert.deepEqual(
    guard.received.map(({ date }) => date),
    ['20261031T081500Z', '20261031T091500Z'],
  )
})

test('says that a signature is refused, and shows nothing of the keys', async (t) => {
  const guard = await startGuard(t)
  for (const wrong of [
    { secretAccessKey: 'another/secret' },
    { sessionToken: 'another' },
    { region: 'us-east-1' },
    { service: 'aoss' },
  ]) {
    const error = await refusal({ nodes: [guard.url], aws: { ...aws, ...wrong } })
    assert.equal(error.code, 'opensearch-login-refused')
    assert.equal(error.path, 'config.aws')
    assert.doesNotMatch(JSON.stringify(error) + error.message, /AKIA|made|another/)
  }
  await using open = await openSource({ attempts: 1, nodes: [guard.url], aws: { ...aws, sessionToken: 'x' } })
  await assert.rejects(open.source.check(new AbortController().signal), { code: 'opensearch-login-refused' })
})

test('refuses keys by half, two ways to log in, and an identity that nobody allowed', async (t) => {
  const guard = await startGuard(t)
  const nodes = [guard.url]
  const without = { region: aws.region, accessKeyId: 'x' }
  const invalid = 'opensearch-settings-invalid'
  for (const [config, code, path] of [
    [{ aws: without }, invalid, 'config.aws.secretAccessKey'],
    [{ aws, token: 'x' }, invalid, 'config.aws'],
    [
      { aws: { region: 'eu-central-1', identity: 'machine' } },
      'opensearch-machine-identity-refused',
      'config.aws.identity',
    ],
  ] as const) {
    const error = await refusal({ nodes, ...config })
    assert.deepEqual([error.code, error.path], [code, path])
  }
  assert.equal(guard.received.length, 0)
  const environment: Readonly<Record<string, string>> = {
    BULKHEAD_OPENSEARCH_MACHINE_IDENTITY: 'allow',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  }
  Object.assign(process.env, environment)
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const machine = { region: 'eu-central-1', identity: 'machine' }
  assert.equal((await read({ nodes, aws: machine })).length, 1)
})
