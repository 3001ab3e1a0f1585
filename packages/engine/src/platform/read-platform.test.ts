import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { readPlatform } from './read-platform.ts'

async function fileWith(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-platform-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'platform.yaml')
  await writeFile(file, text)
  return file
}

test('without a file everything has a default, and the repository is a file of this machine', async () => {
  const spec = await readPlatform(undefined, {})
  assert.deepEqual(spec.repository, { sqlite: {} })
  assert.equal(spec.http.host, '127.0.0.1')
})

test('a variable stands over the file, as what JSON says it is', async (t) => {
  const file = await fileWith(
    t,
    'apiVersion: bulkhead.dev/v1beta1\nkind: Platform\nspec:\n  http: { port: 8080 }\n',
  )
  const spec = await readPlatform(file, {
    BULKHEAD_PLATFORM__HTTP__PORT: '9090',
    BULKHEAD_PLATFORM__HTTP__PUBLIC_URL: 'https://bulkhead.example.com',
    BULKHEAD_PLATFORM__KAFKA__MAIN__BOOTSTRAP: '["broker:9092"]',
    BULKHEAD_PLATFORM__REPOSITORY: '{"postgres":{"url":{"env":"DATABASE_URL"}}}',
  })
  assert.equal(spec.http.port, 9090)
  assert.equal(spec.http.publicUrl, 'https://bulkhead.example.com')
  assert.deepEqual(spec.kafka['main']?.bootstrap, ['broker:9092'])
  assert.ok('postgres' in spec.repository)
})

test('every fault is told with its path and its place, in the file or in a variable', async (t) => {
  const file = await fileWith(
    t,
    'apiVersion: bulkhead.dev/v1beta1\nkind: Platform\nspec:\n  htttp: {}\n  runners: { processes: 0 }\n',
  )
  const environment = { BULKHEAD_PLATFORM__HTTP__PORT: 'many' }
  await assert.rejects(readPlatform(file, environment), (error: unknown) => {
    assert.ok(error instanceof BulkheadError)
    const told = [error, ...error.others].map(({ code, path, message }) => `${code} ${path} ${message}`)
    assert.equal(told.length, 3)
    assert.ok(told.every((line) => line.startsWith('platform-invalid spec.')))
    assert.match(told.join('\n'), /did you mean `?http/)
    assert.match(told.join('\n'), /variable BULKHEAD_PLATFORM__HTTP__PORT/)
    assert.match(told.join('\n'), /platform\.yaml:5/)
    return true
  })
})

test('a server that others can reach is not without tokens', async () => {
  const open = { BULKHEAD_PLATFORM__AUTH__TOKENS: 'off' }
  assert.equal((await readPlatform(undefined, open)).auth.tokens, 'off')
  await assert.rejects(readPlatform(undefined, { ...open, BULKHEAD_PLATFORM__HTTP__HOST: '0.0.0.0' }), {
    code: 'platform-invalid',
    path: 'spec.auth.tokens',
  })
})
