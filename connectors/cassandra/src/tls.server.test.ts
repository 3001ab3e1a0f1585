import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCertificates, startTlsFront } from '../../../test/support/tls-front.ts'
import { openKeyspace } from './testing/keyspace.ts'
import { never, open } from './testing/read.ts'

const { config } = await openKeyspace()
const certificates = await makeCertificates()
const { authority, addressed, named, client, impostor } = certificates
const cluster = { host: config.contactPoints[0] ?? '', port: config.port }
const node = await startTlsFront(addressed, authority.cert, cluster)
const namedNode = await startTlsFront(named, authority.cert, cluster)
const impostorNode = await startTlsFront(impostor, authority.cert, cluster)
const strictNode = await startTlsFront(addressed, authority.cert, cluster, true)

async function check(port: number, tls: unknown): Promise<string> {
  await using source = await open({ ...config, port, tls })
  return await source.check(never)
}

const ca = authority.cert

test('reads over TLS from a node whose certificate names its address', async () => {
  assert.match(await check(node.port, { mode: 'verify-full', ca }), /, encrypted$/)
})

test('refuses a certificate of an unknown authority, and one that names another', async () => {
  const refused = { code: 'cassandra-certificate-refused', kind: 'config' }
  await assert.rejects(check(impostorNode.port, { mode: 'verify-full', ca }), refused)
  await assert.rejects(check(impostorNode.port, { mode: 'verify-ca', ca }), refused)
  await assert.rejects(check(node.port, { mode: 'verify-full' }), refused)
  await assert.rejects(check(namedNode.port, { mode: 'verify-full', ca }), refused)
  await assert.rejects(
    check(namedNode.port, { mode: 'verify-full', ca, serverName: 'other.example' }),
    refused,
  )
})

test('takes what the settings allow to be taken', async () => {
  await check(namedNode.port, { mode: 'verify-full', ca, serverName: 'db.example' })
  await check(namedNode.port, { mode: 'verify-ca', ca })
  await check(impostorNode.port, { mode: 'require' })
})

test('shows its certificate to a node that demands one', async () => {
  await assert.rejects(check(strictNode.port, { mode: 'verify-full', ca }), (error: { code: string }) =>
    ['cassandra-tls-failed', 'cassandra-unreachable'].includes(error.code),
  )
  await check(strictNode.port, { mode: 'verify-full', ca, ...client })
  assert.ok(strictNode.known > 0)
})

test('says when only one side speaks TLS', async () => {
  await assert.rejects(check(config.port, { mode: 'require' }), (error: { code: string; kind: string }) => {
    assert.equal(error.kind, 'transient')
    return true
  })
  await assert.rejects(check(node.port, { mode: 'disable' }), (error: { code: string }) =>
    error.code.startsWith('cassandra-'),
  )
})

test('refuses a key that does not belong to its certificate', async () => {
  await assert.rejects(check(node.port, { mode: 'verify-full', ca, cert: client.cert, key: impostor.key }), {
    code: 'cassandra-tls-settings',
    path: 'config.tls',
  })
})
