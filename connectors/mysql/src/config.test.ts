import assert from 'node:assert/strict'
import { test } from 'node:test'
import { config, rowBytes, seconds } from './config.ts'

const settings = { host: 'db', database: 'shop', user: 'bulkhead' }

test('sizes and durations are read as they are written', () => {
  assert.equal(rowBytes(config.parse({ ...settings, maxRowSize: '1023MiB' }).maxRowSize), 1023 * 2 ** 20)
  assert.equal(rowBytes(config.parse({ ...settings, maxRowSize: '64KiB' }).maxRowSize), 65_536)
  assert.equal(seconds(config.parse({ ...settings, lockTimeout: 'PT1H2M3S' }).lockTimeout), 3723)
  assert.equal(seconds(config.parse({ ...settings, idleTimeout: 'PT0M1S' }).idleTimeout), 1)
})

test('what would have to be cut to what the server takes is refused', () => {
  for (const wrong of [
    { maxRowSize: '1024MiB' },
    { maxRowSize: '9999MiB' },
    { maxRowSize: '0KiB' },
    { lockTimeout: 'PT0S' },
    { idleTimeout: 'PT0H0M0S' },
  ])
    assert.equal(config.safeParse({ ...settings, ...wrong }).success, false, JSON.stringify(wrong))
})
