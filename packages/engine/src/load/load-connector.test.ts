import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BulkheadError, ConnectorManifest } from '@bulkhead/connector-sdk'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import { loadConnector } from './load-connector.ts'

const store = { parallelParts: true, links: 'own' } as const
const good = `{ name: 'shelf', sdk: 1, summary: '', errors: [], config: { safeParse() {} },
  query: {}, store: { open() {}, capabilities: ${JSON.stringify(store)} } }`

/** A package in a folder of its own, as one that was installed. */
async function packageOf(t: TestContext, code: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-connector-'))
  t.after(() => rm(folder, { recursive: true }))
  const all = {
    'package.json': JSON.stringify({
      name: '@acme/connector-shelf',
      version: '1.2.3',
      type: 'module',
      exports: { '.': { '@bulkhead/source': './src/index.ts', default: './dist/index.js' } },
    }),
    'src/index.ts': code,
    'dist/index.js': code,
    ...files,
  }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const manifest: ConnectorManifest = {
    name: 'shelf',
    version: '1.2.3',
    sdk: 1,
    summary: '',
    config: {},
    query: {},
    store,
    errors: [],
  }
  const entry: ConnectorEntry = { name: 'shelf', version: '1.2.3', folder, integrity: () => '', manifest }
  return entry
}

async function refusal(entry: ConnectorEntry, deadlineMs?: number): Promise<BulkheadError> {
  return loadConnector(entry, deadlineMs === undefined ? {} : { deadlineMs }).then(
    () => assert.fail('it should have been refused'),
    (error: unknown) => error as BulkheadError,
  )
}

test('loads a connector by the exports of its package', async (t) => {
  const definition = await loadConnector(await packageOf(t, `export default ${good}`))
  assert.equal(definition.name, 'shelf')
  assert.equal(typeof definition.store?.open, 'function')
})

test('loads another folder of the same package beside it', async (t) => {
  const first = await loadConnector(await packageOf(t, `export default ${good}`))
  const second = await loadConnector(await packageOf(t, `export default ${good}`))
  assert.notEqual(first, second)
})

test('refuses a connector that throws while it loads, with its reason', async (t) => {
  const error = await refusal(await packageOf(t, `throw new Error('libshelf.so is missing\\nmore')`))
  assert.equal(error.code, 'connector-broken')
  assert.equal(error.kind, 'environment')
  assert.equal(error.message, 'Connector "shelf" 1.2.3 cannot be loaded: libshelf.so is missing')
})

test('refuses a connector that hangs while it loads', async (t) => {
  const error = await refusal(await packageOf(t, `await new Promise(() => {})`), 50)
  assert.match(error.message, /not loaded after 0.05 s/)
})

test('refuses a connector of another contract by name', async (t) => {
  const error = await refusal(await packageOf(t, `export default { ...${good}, sdk: 2 }`))
  assert.equal(error.code, 'connector-incompatible')
  assert.match(error.message, /"shelf" 1\.2\.3 .* version 2 .* version 1/)
})

test('refuses a connector that is not what its connector.json says', async (t) => {
  const liars = {
    'its name is "other"': `export default { ...${good}, name: 'other' }`,
    'has the role store': `export default { ...${good}, store: undefined }`,
    'lacks the role source': `export default { ...${good}, source: { open() {} } }`,
    'no schema of its settings': `export default { ...${good}, config: undefined }`,
    'default export': `export const connector = ${good}`,
  }
  for (const [reason, code] of Object.entries(liars)) {
    const error = await refusal(await packageOf(t, code))
    assert.equal(error.code, 'connector-broken')
    assert.ok(error.message.includes(reason), error.message)
  }
})

test('refuses a folder whose package cannot be found or imported', async (t) => {
  const broken = {
    'package.json': '{',
    'src/index.ts': 'export default {',
  }
  for (const [file, content] of Object.entries(broken)) {
    const error = await refusal(await packageOf(t, `export default ${good}`, { [file]: content }))
    assert.equal(error.code, 'connector-broken', file)
  }
})
