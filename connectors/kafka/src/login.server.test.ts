import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { brokersOf, createTopic } from '../../../test/support/kafka.ts'
import { makeCertificates, startTlsFront, type TlsFront } from '../../../test/support/tls-front.ts'
import { produce } from './testing/produce.ts'
import { open, rowsOf } from './testing/read.ts'

const made = await createTopic({ after })
await produce(made, made.topic, [{ value: '1' }])
const { authority, addressed, named, client, impostor } = await makeCertificates()
const [broker = ''] = brokersOf(made)
const [host = '', port = ''] = broker.split(':')
const target = { host, port: Number(port) }
const front = await startTlsFront(addressed, authority.cert, target)
const namedFront = await startTlsFront(named, authority.cert, target)
const impostorFront = await startTlsFront(impostor, authority.cert, target)
const strictFront = await startTlsFront(addressed, authority.cert, target, true)
const ca = authority.cert

/** Reads a record over TLS. */
async function read(at: Pick<TlsFront, 'port'>, tls: unknown): Promise<unknown> {
  const address = `127.0.0.1:${at.port}`
  await using source = await open(
    { brokers: [address], addresses: { [broker]: address }, tls },
    { connectTimeoutMs: 3000 },
  )
  return await rowsOf(source, { topic: made.topic })
}

test('reads over TLS from brokers whose certificate names them, or as the settings allow', async () => {
  const one = [{ value: '1' }]
  assert.deepEqual(await read(front, { mode: 'verify-full', ca }), one)
  assert.deepEqual(await read(namedFront, { mode: 'verify-full', ca, serverName: 'db.example' }), one)
  assert.deepEqual(await read(namedFront, { mode: 'verify-ca', ca }), one)
  assert.deepEqual(await read(impostorFront, { mode: 'require' }), one)
})

test('refuses a certificate of an unknown authority, and one that names another', async () => {
  const refused = { code: 'kafka-certificate-refused', kind: 'config' }
  await assert.rejects(read(impostorFront, { mode: 'verify-full', ca }), refused)
  await assert.rejects(read(impostorFront, { mode: 'verify-ca', ca }), refused)
  await assert.rejects(read(front, { mode: 'verify-full' }), refused)
  await assert.rejects(read(namedFront, { mode: 'verify-full', ca }), refused)
})

test('shows its certificate to a broker that demands one', async () => {
  await assert.rejects(read(strictFront, { mode: 'verify-full', ca }), { kind: 'transient' })
  await read(strictFront, { mode: 'verify-full', ca, ...client })
  assert.ok(strictFront.known > 0)
})

test('says when only one side speaks TLS', async () => {
  await assert.rejects(read({ port: target.port }, { mode: 'require' }), { kind: 'transient' })
  await assert.rejects(read(front, { mode: 'disable' }), { kind: 'transient' })
})

test('refuses a key that does not belong to its certificate', async () => {
  await assert.rejects(read(front, { mode: 'verify-full', ca, cert: client.cert, key: impostor.key }), {
    code: 'kafka-tls-settings',
    path: 'config.tls',
  })
})

const { sasl } = made
const noPassword = sasl === undefined ? 'the broker of the tests asks for no password' : false

test('logs in, and reads where the broker asks for it', { skip: noPassword }, async () => {
  assert.ok(sasl)
  const { bootstrap, ...login } = sasl
  const brokers = bootstrap.split(',')
  await using source = await open({ brokers, sasl: login })
  assert.deepEqual(await rowsOf(source, { topic: made.topic }), [{ value: '1' }])
  const refused = { code: 'kafka-login-refused', kind: 'auth' }
  await assert.rejects(open({ brokers, sasl: { ...login, username: 'nobody' } }), refused)
  await assert.rejects(open({ brokers, sasl: { ...login, mechanism: 'SCRAM-SHA-512' } }), refused)
  await assert.rejects(open({ brokers }, { connectTimeoutMs: 3000 }), (error: { kind: string }) =>
    ['auth', 'transient'].includes(error.kind),
  )
})
