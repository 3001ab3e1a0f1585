import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeInBytes } from '@bulkhead/connector-sdk'
import { config } from './config.ts'

const settings = { host: 'db', database: 'shop', user: 'bulkhead' }

test('sizes are read as they are written', () => {
  assert.equal(sizeInBytes(config.parse({ ...settings, maxRowSize: '1023MiB' }).maxRowSize), 1023 * 2 ** 20)
  assert.equal(sizeInBytes(config.parse({ ...settings, maxRowSize: '64KiB' }).maxRowSize), 65_536)
})

test('what would have to be cut to what the server takes is refused', () => {
  for (const wrong of [
    { maxRowSize: '1024MiB' },
    { maxRowSize: '9999MiB' },
    { maxRowSize: '0KiB' },
    { lockTimeout: 'PT0S' },
    { idleTimeout: 'PT0H0M0S' },
    { idleTimeout: 'P366D' },
    { lockTimeout: 'PT8761H' },
  ])
    assert.equal(config.safeParse({ ...settings, ...wrong }).success, false, JSON.stringify(wrong))
})
