import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import definition from './index.ts'

const least = { host: 'db.internal', database: 'ledger', user: 'bulkhead' }

describe('the settings', () => {
  it('need host, database and user, and have a default or an absence for all else', () => {
    assert.deepEqual(config.parse(least), {
      ...least,
      port: 5432,
      tls: { mode: 'auto' },
      applicationName: 'bulkhead',
      timeZone: 'UTC',
      lockTimeout: 'PT30S',
      idleTimeout: 'PT10M',
      maxRowSize: '128MiB',
    })
  })
  for (const [name, wrong] of [
    ['host', '/var/run/postgresql'],
    ['host', 'user@db'],
    ['host', 'a,b'],
    ['host', ''],
    ['host', 'db\0x'],
    ['database', 'x'.repeat(64)],
    ['port', 0],
    ['lockTimeout', '30s'],
    ['lockTimeout', 'PT'],
    ['maxRowSize', '1GiB'],
    ['searchPath', []],
    ['tls', { mode: 'verify-full', ca: '/etc/ca.pem' }],
    ['tls', { cert: '-----BEGIN CERTIFICATE-----' }],
    ['sslmode', 'require'],
  ] as const)
    it(`refuse ${name} ${JSON.stringify(wrong).slice(0, 40)}`, () => {
      assert.equal(config.safeParse({ ...least, [name]: wrong }).success, false)
    })

  it('are described, field by field, and mark their secrets', () => {
    const schema = z.toJSONSchema(definition.config, { io: 'input' }) as Schema
    const secrets: string[] = []
    const walk = (path: string, { properties = {} }: Schema): void => {
      for (const [name, field] of Object.entries(properties)) {
        assert.ok((field.description ?? '').length > 20, `${path}${name} is not described`)
        if (field.secret === true) secrets.push(`${path}${name}`)
        walk(`${path}${name}.`, field)
      }
    }
    walk('', schema)
    assert.deepEqual(secrets, ['password', 'iam.secretAccessKey', 'iam.sessionToken', 'tls.key'])
  })
  it('refuse a row that no message of the protocol can hold', () => {
    const { maxRowSize } = config.shape
    assert.equal(maxRowSize.safeParse('1023MiB').success, true)
    for (const size of ['1024MiB', '9999MiB', '0MiB']) assert.equal(maxRowSize.safeParse(size).success, false)
  })
  it('refuse a timeout that the server cannot keep', () => {
    for (const setting of ['lockTimeout', 'idleTimeout'] as const) {
      for (const taken of ['PT0S', 'PT1H2M3S', 'P24D'])
        assert.equal(config.shape[setting].safeParse(taken).success, true, taken)
      for (const refused of ['PT577H', 'PT99999H'])
        assert.equal(config.shape[setting].safeParse(refused).success, false, refused)
    }
  })
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly description?: string
  readonly secret?: boolean
}
