import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '../schema.ts'
import { certWithKey, connectFailure, isLoopback, tlsFields, tlsOptions } from './index.ts'

test('tells this machine from others by name and address alone', () => {
  for (const host of ['localhost', 'LOCALHOST', 'db.localhost', '127.0.0.1', '127.255.0.3', '::1'])
    assert.ok(isLoopback(host), host)
  for (const host of [
    'localhost.example.com',
    '127.0.0.1.example.com',
    '10.0.0.1',
    '128.0.0.1',
    '::2',
    'mylocalhost',
  ])
    assert.ok(!isLoopback(host), host)
})

test('tells why no connection came about by the code of the error', () => {
  for (const [code, failure] of [
    ['ENOTFOUND', 'host-unknown'],
    ['CERT_HAS_EXPIRED', 'certificate-refused'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-refused'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed'],
    ['ECONNREFUSED', 'unreachable'],
    ['whatever', 'unreachable'],
  ] as const)
    assert.equal(connectFailure(code), failure, code)
})

test('refuses a certificate without its key, a file name for PEM, and what cannot be read, without quoting it', () => {
  const words = { mode: 'the modes', peer: 'the server', cert: 'of the user' }
  const tls = z.strictObject(tlsFields(words)).superRefine(certWithKey)
  const pem = '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----'
  assert.deepEqual(tls.parse({}), { mode: 'auto' })
  assert.equal(tls.safeParse({ cert: pem }).error?.issues[0]?.path[0], 'key')
  assert.equal(tls.safeParse({ key: pem }).error?.issues[0]?.path[0], 'cert')
  assert.equal(tls.safeParse({ ca: '/etc/ca.pem' }).success, false)
  for (const ca of [pem, '-----BEGIN nothing'])
    assert.throws(() => tlsOptions({ mode: 'verify-full', name: 'db', ca }), {
      name: 'TypeError',
      message: 'A certificate or key cannot be read',
    })
})

test('verifies the name that was asked for, and names a host only where one may be named', () => {
  const named = tlsOptions({ mode: 'verify-full', name: 'db.internal' })
  assert.equal(named.servername, 'db.internal')
  assert.equal(named.rejectUnauthorized, true)
  assert.ok(named.checkServerIdentity?.('other', { subject: { CN: 'other' } } as never) instanceof Error)
  assert.equal(tlsOptions({ mode: 'verify-ca', name: '10.0.0.1' }).servername, undefined)
  assert.equal(tlsOptions({ mode: 'require', name: 'db' }).rejectUnauthorized, false)
})
