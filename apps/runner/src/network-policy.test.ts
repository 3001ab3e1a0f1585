import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { networkRules } from './network-policy.ts'

function allowed(
  allow: readonly string[] | undefined,
  allowLoopback: boolean,
  host: string,
  port: number,
  address = host,
): boolean {
  return networkRules({ allow, allowLoopback }).refuseAddress({ host, port, address }) === undefined
}

test('refuses metadata and link-local addresses to everyone, in every notation', () => {
  for (const address of [
    '169.254.169.254',
    '169.254.170.2',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
  ])
    for (const allow of [undefined, ['*'], [address], ['0.0.0.0/0', '::/0']])
      assert.ok(!allowed(allow, true, 'db', 5432, address), `${address} ${String(allow)}`)
})

test('refuses this machine, in every notation, unless the platform opens it', () => {
  for (const address of [
    '127.0.0.1',
    '127.66.0.1',
    '::1',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
  ]) {
    assert.ok(!allowed(undefined, false, address, 80), address)
    assert.ok(!allowed(['*', '127.0.0.0/8', '::/0'], false, 'localhost', 80, address), address)
    assert.ok(allowed(undefined, true, address, 80), address)
  }
})

test('allows everything else when no list is given, and nothing when it is empty', () => {
  assert.ok(allowed(undefined, false, 'db.internal', 5432, '10.1.2.3'))
  assert.ok(!allowed([], false, 'db.internal', 5432, '10.1.2.3'))
})

test('matches names, suffixes, addresses and ranges, with and without port', () => {
  const cases: readonly [pattern: string, host: string, port: number, address: string, expected: boolean][] =
    [
      ['db.internal', 'db.internal', 5432, '10.0.0.1', true],
      ['db.internal', 'DB.Internal.', 5432, '10.0.0.1', true],
      ['db.internal:5432', 'db.internal', 5432, '10.0.0.1', true],
      ['db.internal:5432', 'db.internal', 5433, '10.0.0.1', false],
      ['db.internal', 'xdb.internal', 5432, '10.0.0.1', false],
      ['*.internal:5432', 'a.b.internal', 5432, '10.0.0.1', true],
      ['*.internal', 'internal', 5432, '10.0.0.1', false],
      ['*.internal', 'db.internal.evil.com', 5432, '10.0.0.1', false],
      ['*:443', 'anything', 443, '10.0.0.1', true],
      ['*:443', 'anything', 80, '10.0.0.1', false],
      ['10.0.0.1', 'named', 1, '10.0.0.1', true],
      ['10.0.0.1:1', 'named', 2, '10.0.0.1', false],
      ['10.0.0.0/8', 'named', 1, '10.9.9.9', true],
      ['10.0.0.0/8', 'named', 1, '::ffff:10.9.9.9', true],
      ['10.0.0.0/8:5432', 'named', 5432, '11.0.0.1', false],
      ['2001:db8::/32', 'named', 1, '2001:db8::7', true],
      ['2001:db8::7', '2001:db8::7', 1, '2001:db8::7', true],
      ['[2001:db8::7]:443', '2001:db8::7', 443, '2001:db8::7', true],
      ['[2001:db8::7]:443', '2001:db8::7', 444, '2001:db8::7', false],
      ['[2001:db8::/32]:443', 'x', 443, '2001:db8::1', true],
      ['db.internal', '10.0.0.1', 1, '10.0.0.1', false],
    ]
  for (const [pattern, host, port, address, expected] of cases)
    assert.equal(
      allowed([pattern], false, host, port, address),
      expected,
      `${pattern} ${host}:${port} ${address}`,
    )
})

test('refuses a pattern that cannot be read, with its place', () => {
  for (const pattern of [
    '',
    'a b',
    'http://db',
    'db:port',
    '10.0.0.0/33',
    '2001:db8::/129',
    '[::1',
    '*.',
    'db:1:2',
    'a..b',
  ])
    assert.throws(
      () => networkRules({ allow: ['ok.internal', pattern], allowLoopback: false }),
      (error: BulkheadError) =>
        error.code === 'manifest-invalid' && error.path === 'spec.policy.network.allow[1]',
      pattern,
    )
})

test('takes sockets of this machine for what they are', () => {
  const path = '/var/run/postgresql/.s.PGSQL.5432'
  assert.ok(networkRules({ allow: undefined, allowLoopback: false }).refusePath(path) !== undefined)
  assert.ok(networkRules({ allow: ['*'], allowLoopback: true }).refusePath(path) !== undefined)
  assert.equal(networkRules({ allow: [path], allowLoopback: true }).refusePath(path), undefined)
  assert.equal(networkRules({ allow: undefined, allowLoopback: true }).refusePath(path), undefined)
})
