import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findTestFiles, serversOf } from './find-test-files.ts'

async function folderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-files-'))
  t.after(() => rm(root, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

/** The servers that a file of tests needs, which may import the others. */
async function serversFor(
  t: TestContext,
  text: string,
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const root = await folderWith(t, { ...others, 'connectors/a/src/a.server.test.ts': text })
  return [...serversOf(join(root, 'connectors/a/src/a.server.test.ts'))].toSorted()
}

test('a file needs the servers whose support it imports, in any way', async (t) => {
  const text = `
    import { createDatabase } from '../../../test/support/postgres.ts'
    import type { TestTopic } from '../../../test/support/kafka.ts'
    import '../../../test/support/redis.ts'
    export * from "../../../test/support/oidc.ts"
    const { createBucket } = await import('../../../test/support/s3.ts')`
  assert.deepEqual(await serversFor(t, text), ['kafka', 'oidc', 'postgres', 'redis', 's3'])
})

test('a file needs what the files that it imports need', async (t) => {
  const text = "import { rows } from './testing/rows.ts'\n"
  const needed = await serversFor(t, text, {
    'connectors/a/src/testing/rows.ts': "export { rows } from './more.ts'\n",
    'connectors/a/src/testing/more.ts':
      "export { rows } from './rows.ts'\nimport { createTopic } from '../../../../test/support/kafka.ts'\n",
  })
  assert.deepEqual(needed, ['kafka'])
})

test('a file without support needs no server, whatever its text looks like', async (t) => {
  const text = `
    import { startProxy } from '../../../test/support/proxy.ts'
    const text = "import { a } from './gone.ts'"`
  assert.deepEqual(await serversFor(t, text, { 'test/support/proxy.ts': 'export const a = 1\n' }), [])
})

test('what takes seconds is not among what takes milliseconds, and every file is in one place only', async (t) => {
  const paths = {
    unit: ['connectors/a/src/a.test.ts', 'packages/b/src/kitchen.test.ts'],
    slow: ['connectors/a/src/kit.test.ts', 'packages/b/src/b.slow.test.ts'],
    server: ['connectors/a/src/a.server.test.ts', 'connectors/a/src/kit.server.test.ts'],
    e2e: ['test/e2e/demo.test.ts'],
    planted: ['test/planted/kit.test.ts'],
  }
  const root = await folderWith(
    t,
    Object.fromEntries(
      Object.values(paths)
        .flat()
        .map((path) => [path, '']),
    ),
  )
  const found = Object.entries<readonly string[]>({ ...findTestFiles(root, undefined) }).map(
    ([kind, files]) => [kind, files.map((file) => relative(root, file))],
  )
  assert.deepEqual(Object.fromEntries(found), paths)
})
