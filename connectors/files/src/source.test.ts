import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readFiles, readRequest, testContext } from '@bulkhead/connector-sdk/testing'
import { openSource } from './source.ts'

const signal = new AbortController().signal
const failsWith = (code: string) => (error: unknown) => isBulkheadError(error) && error.code === code

async function folderOf(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-files-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

async function prepare(folder: string, path: unknown, batchBytes = 1024) {
  const source = await openSource(testContext({ config: { folder, createFolder: false } }))
  return source.prepare(readRequest({ query: { path } }, 'bytes', { batchBytes }), signal)
}

async function namesOf(folder: string, path: unknown): Promise<string[]> {
  return [...(await readFiles(await prepare(folder, path), signal)).keys()]
}

test('matches by wildcards at any depth, sorted, each file once, hidden ones only by name', async (t) => {
  const folder = await folderOf(t, {
    'b.csv': 'b',
    'a.csv': 'a',
    'x/c.csv': 'c',
    'x/y/d.csv': 'd',
    'x/e.json': '{}',
    '.hidden.csv': 'h',
  })
  assert.deepEqual(await namesOf(folder, '**/*.csv'), ['a.csv', 'b.csv', 'x/c.csv', 'x/y/d.csv'])
  assert.deepEqual(await namesOf(folder, ['x/*', '*.csv', 'x/c.csv']), [
    'x/c.csv',
    'x/e.json',
    'a.csv',
    'b.csv',
  ])
  assert.deepEqual(await namesOf(folder, '.hidden.csv'), ['.hidden.csv'])
})

test('takes a name with wildcards literally when there is such a file', async (t) => {
  const folder = await folderOf(t, { 'a[1].csv': 'literal', 'a1.csv': 'matched' })
  assert.deepEqual(await namesOf(folder, 'a[1].csv'), ['a[1].csv'])
  assert.deepEqual(await namesOf(folder, 'a[0-9].csv'), ['a1.csv'])
})

test('stays inside the folder, by path and by link, and follows links that stay inside', async (t) => {
  const outside = await folderOf(t, { 'secret.csv': 'secret' })
  const folder = await folderOf(t, { 'real/a.csv': 'a' })
  await symlink(join(outside, 'secret.csv'), join(folder, 'stolen.csv'))
  await symlink(outside, join(folder, 'elsewhere'))
  await symlink(join(folder, 'real/a.csv'), join(folder, 'alias.csv'))
  for (const path of [
    '../x',
    '/etc/passwd',
    'real/../../x',
    'stolen.csv',
    'elsewhere/*',
    'elsewhere/secret.csv',
    '*.csv',
  ]) {
    await assert.rejects(prepare(folder, path), failsWith('files-outside-folder'), path)
  }
  assert.deepEqual(await namesOf(folder, 'alias.csv'), ['alias.csv'])
})

test('matches braces and classes, and by ** what lies at any depth, but through no link', async (t) => {
  const folder = await folderOf(t, {
    'a/1.csv': '',
    'a/b/2.csv': '',
    'a/b/3.json': '',
    'c/é.csv': '',
    '{x}': '',
  })
  await symlink('..', join(folder, 'a/up'))
  const matches: Record<string, readonly string[]> = {
    '{a,c}/*.csv': ['a/1.csv', 'c/é.csv'],
    'a/**/{2,3}.{csv,json}': ['a/b/2.csv', 'a/b/3.json'],
    'a/**': ['a/1.csv', 'a/b/2.csv', 'a/b/3.json'],
    '**/[!0-1].csv': ['a/b/2.csv', 'c/é.csv'],
    '{a/{1,9},c/?}.csv': ['a/1.csv', 'c/é.csv'],
    'a/up/c/*': ['a/up/c/é.csv'],
    '[{]x}': ['{x}'],
  }
  for (const [pattern, names] of Object.entries(matches))
    assert.deepEqual(await namesOf(folder, pattern), names, pattern)
})

test('takes a moment for patterns that were made to take for ever, or all memory', async (t) => {
  const folder = await folderOf(t, { [`${'a'.repeat(200)}.txt`]: '' })
  const hostile: Record<string, string> = {
    [`${'a*'.repeat(100)}b`]: 'files-not-found',
    ['['.repeat(4000)]: 'files-not-found',
    [`${'**/'.repeat(1000)}z`]: 'files-not-found',
    '{1..100000000}': 'files-not-found',
    ['{a,b}'.repeat(800)]: 'files-query-invalid',
    [`${'{'.repeat(1000)}a,b${'}'.repeat(1000)}`]: 'files-not-found',
  }
  const begun = performance.now()
  for (const [pattern, code] of Object.entries(hostile))
    await assert.rejects(prepare(folder, pattern), failsWith(code), pattern.slice(0, 20))
  assert.ok(performance.now() - begun < 2000)
})

test('refuses braces that stand for a way out of the folder, whether or not something is there', async (t) => {
  const folder = await folderOf(t, { 'in/a.csv': '', 'secret.csv': '' })
  for (const pattern of ['{.,x}./secret.csv', '{.,x}./nothing.csv', '{/etc,x}/passwd'])
    await assert.rejects(prepare(join(folder, 'in'), pattern), failsWith('files-outside-folder'), pattern)
})

test('suggests near names for a file that is not there', async (t) => {
  const folder = await folderOf(t, { 'in/invoices.csv': '' })
  await assert.rejects(prepare(folder, 'in/invoice.csv'), (error) => {
    assert.ok(isBulkheadError(error))
    assert.equal(error.path, 'query.path')
    assert.match(error.fix ?? '', /in\/invoices\.csv/)
    return true
  })
})

test('fails when a file grows, shrinks, or is replaced while it is read', async (t) => {
  const changes: Record<string, (path: string) => Promise<unknown>> = {
    grows: (path) => appendFile(path, 'more'),
    shrinks: (path) => truncate(path, 2000),
    'is overwritten by as many bytes': (path) => writeFile(path, 'y'.repeat(4096)),
  }
  for (const [how, change] of Object.entries(changes)) {
    const folder = await folderOf(t, { 'a.csv': 'x'.repeat(4096) })
    const extract = await prepare(folder, 'a.csv')
    const reading = (async () => {
      let batches = 0
      for await (const batch of extract.read(signal)) {
        assert.equal(batch.form, 'bytes')
        if (++batches === 2) await change(join(folder, 'a.csv'))
      }
    })()
    await assert.rejects(reading, failsWith('files-changed'), how)
  }
})

test('fails when a file was replaced or removed between prepare and its turn', async (t) => {
  for (const change of [
    (path: string) => rm(path),
    async (path: string) => {
      await writeFile(`${path}.new`, 'bb')
      await rename(`${path}.new`, path)
    },
    async (path: string) => {
      await rm(path)
      execFileSync('mkfifo', [path])
    },
    async (path: string) => {
      await rm(path)
      await symlink('/etc/passwd', path)
    },
  ]) {
    const folder = await folderOf(t, { 'a.csv': 'aa', 'b.csv': 'bb' })
    const extract = await prepare(folder, '*.csv')
    await change(join(folder, 'b.csv'))
    await assert.rejects(readFiles(extract, signal), failsWith('files-changed'))
  }
})
