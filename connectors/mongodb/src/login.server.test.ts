import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failureOf, openSource, readRequest } from './testing/open-source.ts'
import { type Answer, greeting, startScriptedServer } from './testing/scripted-server.ts'

/** What the stand-in of the tests cannot refuse is refused by a scripted server, in the words of MongoDB 7. */

const secret = 'correct horse'
const credentials = { user: 'ada', password: secret }
const refusal =
  (code: number, codeName: string, errmsg: string): Answer =>
  () => ({ ok: 0, code, codeName, errmsg })

async function failure(answer: Answer, settings: object = {}, hello = greeting as Record<string, unknown>) {
  await using server = await startScriptedServer(answer, hello)
  const error = await failureOf(
    (async () => {
      await using source = await openSource(
        { hosts: [server.host], database: 'shop', ...settings },
        { connectTimeoutMs: 1500 },
      )
      await source.check(new AbortController().signal)
    })(),
  )
  assert.ok(!`${JSON.stringify(error)}${String(error)}`.includes(secret))
  return error
}

describe('logging in', () => {
  it('fails by kind auth when the password is refused, and says whose', async () => {
    const error = await failure(
      refusal(18, 'AuthenticationFailed', `Authentication failed for ${secret}.`),
      credentials,
    )
    assert.equal(error.code, 'mongodb-login-refused')
    assert.equal(error.kind, 'auth')
    assert.match(error.message, /"ada"/)
  })
  it('says when the settings lack a login', async () => {
    const error = await failure(
      refusal(13, 'Unauthorized', 'Command listCollections requires authentication'),
    )
    assert.equal(error.code, 'mongodb-login-missing')
  })
  it('says when the user has not the rights', async () => {
    const answers: Answer = ({ saslStart, saslContinue }) =>
      saslStart === undefined && saslContinue === undefined
        ? { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: `not authorized on ${secret}` }
        : { ok: 1, conversationId: 1, done: true, payload: Buffer.from('') }
    const plain = { ...credentials, authMechanism: 'PLAIN', tls: { mode: 'disable' } }
    assert.equal((await failure(answers, plain)).code, 'mongodb-login-unsupported')
    assert.equal((await failure(answers)).code, 'mongodb-login-missing')
  })
  it('says when the server does not know the way', async () => {
    const error = await failure(refusal(334, 'MechanismUnavailable', 'no'), credentials)
    assert.equal(error.code, 'mongodb-login-unsupported')
  })
})

describe('connecting', () => {
  it('refuses a server that is too old', async () => {
    const old = { ...greeting, maxWireVersion: 5 }
    assert.equal((await failure(() => ({ ok: 1 }), {}, old)).code, 'mongodb-version-unsupported')
  })
  it('refuses a member of another replica set', async () => {
    const error = await failure(() => ({ ok: 1 }), { replicaSet: 'rs0' })
    assert.equal(error.code, 'mongodb-no-suitable-server')
    assert.equal(error.kind, 'transient')
  })
  it('gives up at once when every host refuses', async () => {
    const started = Date.now()
    const error = await failureOf(
      openSource({ hosts: ['127.0.0.1:1', '127.0.0.1:2'], database: 'shop' }, { connectTimeoutMs: 30_000 }),
    )
    assert.equal(error.code, 'mongodb-unreachable')
    assert.ok(Date.now() - started < 5000)
  })
  it('tells a name that does not exist from a server that does not answer', async () => {
    const error = await failureOf(
      openSource({ hosts: ['no-such-host.invalid'], database: 'shop', tls: { mode: 'disable' } }),
    )
    assert.ok(['mongodb-host-unknown', 'mongodb-unreachable'].includes(error.code ?? ''), error.code)
  })
  it('refuses certificates that cannot be read, and does not repeat them', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n'
    const error = await failureOf(
      openSource({ hosts: ['127.0.0.1:1'], database: 'shop', tls: { mode: 'require', ca: broken } }),
    )
    assert.equal(error.code, 'mongodb-tls-settings')
    assert.doesNotMatch(JSON.stringify(error) + String(error), /nothing/)
  })
})

describe('what the server says of a query', () => {
  const answers =
    (reply: Readonly<Record<string, unknown>>, only: string): Answer =>
    (command) => {
      if (command[only] !== undefined) return reply
      if (command['listCollections'] !== undefined)
        return { ok: 1, cursor: { id: 0n, ns: 'shop.$cmd', firstBatch: [{ name: 'orders' }] } }
      if (command['find'] !== undefined)
        return { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } }
      return { ok: 1 }
    }
  const find = { collection: 'orders', find: { filter: { a: { $param: 'a' } } } }
  async function prepared(answer: Answer) {
    await using server = await startScriptedServer(answer)
    await using source = await openSource({ hosts: [server.host], database: 'shop' })
    const error = await failureOf(
      source.prepare(readRequest(find, { parameters: { a: 'Ada Lovelace' } }), new AbortController().signal),
    )
    return error
  }

  it('is passed on while it only plans, unless it repeats a parameter', async () => {
    const plan = (errmsg: string) => answers({ ok: 0, code: 2, codeName: 'BadValue', errmsg }, 'explain')
    assert.match((await prepared(plan('unknown operator: $foo'))).message, /unknown operator: \$foo/)
    const error = await prepared(plan('cannot compare Ada Lovelace'))
    assert.equal(error.code, 'mongodb-query-invalid')
    assert.doesNotMatch(error.message, /Ada/)
  })
  const codes: readonly (readonly [number: number, name: string, code: string, kind: string])[] = [
    [241, 'ConversionFailure', 'mongodb-query-failed', 'config'],
    [50, 'MaxTimeMSExpired', 'mongodb-query-timeout', 'config'],
    [43, 'CursorNotFound', 'mongodb-cursor-lost', 'transient'],
    [11601, 'Interrupted', 'mongodb-query-killed', 'transient'],
    [292, 'QueryExceededMemoryLimitNoDiskUseAllowed', 'mongodb-memory-exceeded', 'config'],
    [11602, 'InterruptedDueToReplStateChange', 'mongodb-unavailable', 'transient'],
  ]
  for (const [number, name, code, kind] of codes)
    it(`is told apart once it reads, without its words: ${name}`, async () => {
      const error = await prepared(
        answers({ ok: 0, code: number, codeName: name, errmsg: 'Failed for Ada' }, 'find'),
      )
      assert.equal(error.code, code)
      assert.equal(error.kind, kind)
      assert.doesNotMatch(`${JSON.stringify(error)}${error.message}`, /Ada/)
    })
})
