import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import { createKey, openPrivateKey, removeKey, rotateKey } from './private-keys.ts'
import { listKeys, publishedKeys } from './public-keys.ts'

async function emptyState(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-keys-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

const elliptic = 'ECDH-ES+A256KW'

test('private keys lie apart from public ones, for their owner alone', async (t) => {
  const state = await emptyState(t)
  const { key } = await createKey(state, 'billing', elliptic, 1)
  assert.equal(key.kid, await calculateJwkThumbprint(key))
  for (const part of ['keys', 'public-keys']) {
    assert.equal((await stat(join(state, part, 'billing'))).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(join(state, part, 'billing')), [`${key.kid}.json`])
    assert.equal((await stat(join(state, part, 'billing', `${key.kid}.json`))).mode & 0o777, 0o600)
  }
  const shared = await readFile(join(state, 'public-keys/billing', `${key.kid}.json`), 'utf8')
  assert.doesNotMatch(shared, /"d"/)
  await rm(join(state, 'keys'), { recursive: true })
  assert.deepEqual(await publishedKeys(state, 'billing'), { keys: [key] })
})

test('a rotated key opens until it is removed, and is published no more', async (t) => {
  const state = await emptyState(t)
  const first = await createKey(state, 'billing', elliptic, 1000)
  await assert.rejects(createKey(state, 'billing', elliptic, 2000), { code: 'key-exists' })
  // the clock was put back
  const second = await rotateKey(state, 'billing', elliptic, 500)
  const listed = await listKeys(state, 'billing')
  assert.deepEqual(
    listed.map(({ key, current }) => [key.kid, current]),
    [
      [second.key.kid, true],
      [first.key.kid, false],
    ],
  )
  assert.deepEqual(await publishedKeys(state, 'billing'), { keys: [second.key] })
  assert.ok(await openPrivateKey(state, 'billing', first.key.kid))
  await assert.rejects(removeKey(state, 'billing', second.key.kid), { code: 'key-current' })
  await removeKey(state, 'billing', first.key.kid)
  assert.equal(await openPrivateKey(state, 'billing', first.key.kid), undefined)
  await assert.rejects(removeKey(state, 'billing', first.key.kid), { code: 'key-unknown' })
  await assert.rejects(removeKey(state, 'billing', '../shipping/x'), { code: 'key-unknown' })
  await removeKey(state, 'billing', second.key.kid)
  assert.deepEqual(await publishedKeys(state, 'billing'), { keys: [] })
})

test('the key to prefer is published first, one of each algorithm', async (t) => {
  const state = await emptyState(t)
  const rsa = await createKey(state, 'billing', 'RSA-OAEP-256', 2)
  const ec = await createKey(state, 'billing', elliptic, 1)
  assert.deepEqual(await publishedKeys(state, 'billing'), { keys: [ec.key, rsa.key] })
  await assert.rejects(rotateKey(state, 'shipping', elliptic, 3), { code: 'key-missing' })
  assert.deepEqual(await listKeys(state, 'shipping'), [])
})

test('a private key that others can read, or that is none, is not used', async (t) => {
  const state = await emptyState(t)
  const { key } = await createKey(state, 'billing', elliptic, 1)
  const path = join(state, 'keys/billing', `${key.kid}.json`)
  await chmod(path, 0o644)
  await assert.rejects(openPrivateKey(state, 'billing', key.kid), { code: 'state-folder-unusable' })
  await chmod(path, 0o600)
  for (const content of ['{"d": hunter2', '{}', 'null', '{"kty":"EC","d":"hunter2"}']) {
    await writeFile(path, content)
    await assert.rejects(
      openPrivateKey(state, 'billing', key.kid),
      (error: Error & { code?: string }) =>
        error.code === 'state-folder-unusable' &&
        !String(error.message + String(error.cause)).includes('hunter2'),
    )
  }
})

test('a name that leads out of the folder of keys is refused', async (t) => {
  const state = await emptyState(t)
  for (const name of ['..', 'a/b', 'a--b', '']) await assert.rejects(listKeys(state, name), TypeError)
})
