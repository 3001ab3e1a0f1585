import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findFiles, resolveInside } from './find-files.ts'

const root = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-find-files-')))
after(() => rm(root, { recursive: true }))
await mkdir(join(root, 'in'))
for (const name of ['b.csv', 'a.csv', 'in/c.csv', '[x].csv']) await writeFile(join(root, name), '')
await symlink('/', join(root, 'out'))

const { signal } = new AbortController()
const find = (path: string, most = 10) => findFiles(root, path, { most, signal })

test('finds a file by its name, wildcards in it or not, and sorted by a pattern', async () => {
  assert.deepEqual(await find('./a.csv'), { names: ['a.csv'] })
  assert.deepEqual(await find('[x].csv'), { names: ['[x].csv'] })
  assert.deepEqual(await find('?.csv'), { names: ['a.csv', 'b.csv'] })
  assert.deepEqual(await find('{in/c,b,b}.csv'), { names: ['b.csv', 'in/c.csv'] })
})

test('says why there is nothing to read, and what was nearly meant', async () => {
  for (const path of ['../a.csv', 'in/../../a.csv', '{..,in}/c.csv', '/etc/passwd'])
    assert.deepEqual(await find(path), { problem: 'outside' }, path)
  assert.deepEqual(await find('{a,b}'.repeat(12)), { problem: 'too-many-choices' })
  assert.deepEqual(await find('?.csv', 1), { problem: 'too-many-files' })
  assert.deepEqual(await find('in/d.csv'), { problem: 'not-found', near: ['in/c.csv'] })
})

test('a link may lead out of the folder', async () => {
  assert.equal(await resolveInside(root, 'in/c.csv'), join(root, 'in/c.csv'))
  assert.equal(await resolveInside(root, 'out/etc'), undefined)
})
