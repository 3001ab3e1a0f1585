import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, symlink, writeFile, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cached } from './cache.ts'

async function ownCache(t: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'bulkhead-cache-'))
  const before = process.env['XDG_CACHE_HOME']
  process.env['XDG_CACHE_HOME'] = home
  t.after(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME']
    else process.env['XDG_CACHE_HOME'] = before
    return rm(home, { recursive: true })
  })
  return join(home, 'bulkhead')
}

test('makes a thing once, however many ask for it at once', async (t) => {
  await ownCache(t)
  let made = 0
  const make = async (folder: string): Promise<void> => {
    await sleep(50)
    await writeFile(join(folder, 'file'), String(++made))
  }
  const paths = await Promise.all([cached('thing', make), cached('thing', make), cached('thing', make)])
  await cached('thing', make)
  assert.equal(made, 1)
  assert.deepEqual(new Set(paths).size, 1)
  assert.ok(existsSync(join(paths[0], 'file')))
})

test('leaves nothing of a thing that could not be made', async (t) => {
  const folder = await ownCache(t)
  await assert.rejects(
    cached('thing', () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.deepEqual(await readdir(folder), [])
})

test('takes over the lock of a process that died', async (t) => {
  const folder = await ownCache(t)
  await mkdir(folder, { recursive: true })
  await symlink('999999999', join(folder, 'thing.lock'))
  await cached('thing', (folder) => writeFile(join(folder, 'file'), ''))
  assert.deepEqual(await readdir(folder), ['thing'])
})
