import assert from 'node:assert/strict'
import { appendFile, cp, glob, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeBundle, unpackBundle } from './bundle.ts'
import { readApplication } from './read-application.ts'

const examples = resolve(import.meta.dirname, '../../../../examples')
const options = { variables: {} }

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bundle-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('an application that was unpacked is the one that was packed', async (t) => {
  const manifests = await Array.fromAsync(glob('*/application.yaml', { cwd: examples }))
  assert.ok(manifests.length >= 4)
  for (const manifest of manifests) {
    const application = await readApplication(join(examples, dirname(manifest)), options)
    const folder = await temporary(t)
    await unpackBundle(JSON.parse(JSON.stringify(await makeBundle(application))), folder)
    const again = await readApplication(folder, options)
    assert.deepEqual({ ...again, folder: '' }, { ...application, folder: '' })
  }
})

test('a change of any file changes the digest, and nothing else does', async (t) => {
  const folder = await temporary(t)
  await cp(join(examples, 'data-desk'), folder, { recursive: true })
  const digest = async (): Promise<string> =>
    (await makeBundle(await readApplication(folder, options))).digest
  const before = await digest()
  assert.equal(await digest(), before)
  await appendFile(join(folder, 'application.yaml'), '# a comment\n')
  assert.notEqual(await digest(), before)
})

test('a bundle that was changed on its way, or climbs out of its folder, is refused', async (t) => {
  const [example] = (await readdir(examples, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const bundle = await makeBundle(await readApplication(join(examples, example?.name ?? ''), options))
  const folder = await temporary(t)
  await assert.rejects(unpackBundle({ ...bundle, files: { ...bundle.files, 'more.sql': '' } }, folder), {
    code: 'manifest-unreadable',
  })
  assert.deepEqual(await readdir(folder), [])
})
