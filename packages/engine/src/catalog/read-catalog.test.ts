import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readCatalog } from './read-catalog.ts'

const manifest = {
  name: 'files',
  version: '1.0.0',
  sdk: 1,
  summary: 'A folder',
  config: { type: 'object' },
  query: {},
  store: { parallelParts: true, links: 'platform' },
  errors: [],
}

async function root(
  t: TestContext,
  packages: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-catalog-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, files] of Object.entries(packages)) {
    await mkdir(join(folder, name, 'src'), { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text)
  }
  return folder
}

function connector(changes: object = {}): Record<string, string> {
  const described = { ...manifest, ...changes }
  return {
    'connector.json': JSON.stringify(described),
    'package.json': JSON.stringify({ version: described.version }),
    'src/index.ts': 'export default 1',
  }
}

test('finds connectors, and leaves alone what is none', async (t) => {
  const folder = await root(t, { files: connector(), other: { 'package.json': '{}' } })
  await writeFile(join(folder, 'readme.md'), '')
  const catalog = await readCatalog([folder, join(folder, 'not-there')])
  assert.deepEqual(
    catalog.list().map(({ name, version }) => [name, version]),
    [['files', '1.0.0']],
  )
  assert.deepEqual(catalog.broken, [])
})

test('sets broken connectors aside, each with its reason, and keeps the others', async (t) => {
  const folder = await root(t, {
    good: connector({ name: 'good' }),
    json: { ...connector(), 'connector.json': '{' },
    lacking: connector({ summary: undefined }),
    later: connector({ sdk: 2 }),
    roleless: connector({ store: undefined }),
    torn: { ...connector(), 'package.json': '{"version":"9.9.9"}' },
  })
  const catalog = await readCatalog([folder])
  assert.deepEqual(
    catalog.list().map(({ name }) => name),
    ['good'],
  )
  assert.deepEqual(
    catalog.broken.map(({ reason }) => reason.slice(0, 25)),
    [
      'connector.json is not JSO',
      'connector.json: summary I',
      'it was made for version 2',
      'connector.json has neithe',
      'package.json and connecto',
    ],
  )
})

test('waits for no pipe, reads no endless file, and believes no description that is half', async (t) => {
  const folder = await root(t, {
    good: connector({ name: 'good' }),
    half: connector({ store: undefined, source: {} }),
    endless: { ...connector(), 'connector.json': `${JSON.stringify(manifest)}${' '.repeat(5_000_000)}` },
    pipe: { 'package.json': '{}' },
  })
  execFileSync('mkfifo', [join(folder, 'pipe', 'connector.json')])
  const catalog = await readCatalog([folder])
  assert.deepEqual(
    catalog.list().map(({ name }) => name),
    ['good'],
  )
  assert.deepEqual(
    catalog.broken.map(({ reason }) => reason.slice(0, 28)),
    ['connector.json cannot be rea', 'connector.json: source.forms', 'connector.json cannot be rea'],
  )
})

test('takes the first of two roots for the same version', async (t) => {
  const first = await root(t, { files: connector({ summary: 'first' }) })
  const second = await root(t, { files: connector({ summary: 'second' }) })
  const catalog = await readCatalog([first, second])
  assert.equal(catalog.resolve('files').manifest.summary, 'first')
})

test('integrity changes with code and description, not with tests', async (t) => {
  const folder = await root(t, { files: connector() })
  const integrity = async (): Promise<string> => (await readCatalog([folder])).resolve('files').integrity()
  const before = await integrity()
  await writeFile(join(folder, 'files', 'src', 'index.test.ts'), 'test')
  await mkdir(join(folder, 'files', 'dist'))
  await writeFile(join(folder, 'files', 'dist', 'index.js'), 'built')
  assert.equal(await integrity(), before)
  await writeFile(join(folder, 'files', 'src', 'index.ts'), 'export default 2')
  assert.notEqual(await integrity(), before)
  assert.match(before, /^sha256-[\w+/]{43}=$/)
})
