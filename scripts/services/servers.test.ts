import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { serverNames, servers } from './servers.ts'

const root = join(import.meta.dirname, '../..')

test('every server has its start, its support for tests, and a test of that support', () => {
  const wanted = serverNames.flatMap((name) => [
    `scripts/services/${name}.ts`,
    `test/support/${name}.ts`,
    `test/support/${name}.server.test.ts`,
  ])
  assert.deepEqual(
    wanted.filter((file) => !existsSync(join(root, file))),
    [],
  )
})

test('every server has a variable of its own, named after it', () => {
  for (const name of serverNames) {
    assert.equal(servers[name].variable, `BULKHEAD_TEST_${name.toUpperCase()}`)
  }
})
