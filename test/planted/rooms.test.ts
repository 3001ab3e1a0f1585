import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkRooms } from '../architecture/check-imports.ts'
import { packageFolders, root } from '../architecture/checkout.ts'
import { roomsWith } from '../architecture/rooms.ts'
import { plant, type Tree } from './plant.ts'

const connectors = readdirSync(join(root, 'connectors'))

/** The packages of this checkout, with one harmless file in every room. */
const tree: Tree = {
  copies: ['package.json', ...packageFolders(root).map((folder) => `${folder}/package.json`)],
  files: Object.fromEntries(
    roomsWith(connectors).map(({ folder }) => [`${folder}/harmless.ts`, 'export const harmless = 1\n']),
  ),
}

test('a tree without a fault is green, and every room has files', async (t) => {
  const { files, violations } = checkRooms(await plant(t, tree))
  assert.deepEqual(violations, [])
  assert.ok([...files.values()].every((count) => count === 1))
})

interface Fault {
  readonly title: string
  readonly file: string
  readonly text: string
  readonly reason: RegExp
}

const engine = 'packages/engine/src'

const faults: readonly Fault[] = [
  {
    title: 'a room that imports one that it may not',
    file: `${engine}/deliver/planted.ts`,
    text: "import { harmless } from '../run/harmless.ts'\nexport const a = harmless\n",
    reason: /planted\.ts:1 imports \.\.\/run\/harmless\.ts: engine\/deliver may not import engine\/run/,
  },
  {
    title: 'a type of a room that may not even be named',
    file: 'connectors/s3/src/planted.ts',
    text: "import type { Plan } from '@bulkhead/engine'\nexport type A = Plan\n",
    reason: /connectors\/s3 may not import engine/,
  },
  {
    title: 'a type in an import() type',
    file: 'packages/contract/src/planted.ts',
    text: "export type A = import('@bulkhead/engine').Plan\n",
    reason: /planted\.ts:1 .*contract may not import engine/,
  },
  {
    title: 'a value where only types are allowed',
    file: `${engine}/planted.ts`,
    text: "export { harmless } from './plan/harmless.ts'\n",
    reason: /engine may not import engine\/plan but for types/,
  },
  {
    title: 'a static import where only import() is allowed',
    file: 'apps/cli/src/planted.ts',
    text: "\n\nimport { run } from '@bulkhead/runner/harmless'\nexport const a = run\n",
    reason: /planted\.ts:3 .*cli may not import runner but by import\(\)/,
  },
  {
    title: 'a re-export',
    file: 'packages/connector-sdk/src/planted.ts',
    text: "export * from '@bulkhead/contract'\n",
    reason: /connector-sdk may not import contract/,
  },
  {
    title: 'a dynamic import of a connector',
    file: `${engine}/load/planted.ts`,
    text: "export const a = (): Promise<unknown> => import('@bulkhead/connector-s3')\n",
    reason: /names the connector @bulkhead\/connector-s3/,
  },
  {
    title: 'a connector that imports another',
    file: 'connectors/duckdb/src/planted.ts',
    text: 'export const a = (): Promise<unknown> => import(`@bulkhead/connector-s3`)\n',
    reason: /names the connector @bulkhead\/connector-s3/,
  },
  {
    title: 'a require',
    file: 'connectors/files/src/planted.ts',
    text: "declare const require: (name: string) => unknown\nexport const a = require('@bulkhead/engine')\n",
    reason: /planted\.ts:2 .*connectors\/files may not import engine/,
  },
  {
    title: 'a key that a runner must not read, by its path in the package',
    file: 'apps/runner/src/planted.ts',
    text: "export const a = (): Promise<unknown> => import('@bulkhead/engine/links/master-key')\n",
    reason: /@bulkhead\/engine\/links\/master-key, which runner must not know/,
  },
  {
    title: 'a relative path that climbs into another package',
    file: 'apps/runner/src/planted.ts',
    text: "export * from '../../../packages/contract/src/harmless.ts'\n",
    reason: /climbs out of its package/,
  },
  {
    title: 'a subpath import that no package.json defines',
    file: 'packages/contract/src/planted.ts',
    text: "export * from '#engine'\n",
    reason: /imports #engine, which packages\/contract\/package\.json does not define/,
  },
  {
    title: 'a dependency that is not declared, found by hoisting',
    file: 'connectors/files/src/planted.ts',
    text: "import pg from 'pg'\nexport const a = pg\n",
    reason: /imports pg, which connectors\/files\/package\.json does not declare/,
  },
  {
    title: 'a computed import where no foreign code is loaded',
    file: 'apps/cli/src/planted.ts',
    text: 'export const a = (name: string): Promise<unknown> => import(`../${name}.ts`)\n',
    reason: /imports what is computed/,
  },
  {
    title: 'a computed import of a connector, in a template',
    file: 'packages/contract/src/planted.ts',
    text: 'export const a = (name: string): Promise<unknown> => import(`@bulkhead/connector-${name}`)\n',
    reason: /imports what is computed/,
  },
  {
    title: 'an HTTP server in the engine',
    file: `${engine}/links/planted.ts`,
    text: "import { createServer } from 'http'\nexport const a = createServer\n",
    reason: /imports http, which engine\/links must not know/,
  },
  {
    title: 'a Node built-in in the contract',
    file: 'packages/contract/src/planted.ts',
    text: "import { join } from 'node:path'\nexport const a = join\n",
    reason: /imports node:path, and contract uses nothing of Node/,
  },
  {
    title: 'a global of Node in the public face of the SDK',
    file: 'packages/connector-sdk/src/planted.ts',
    text: 'export type A = Buffer\n',
    reason: /names Buffer, which only Node has/,
  },
  ...[
    ['Date.now()', 'Date.now'],
    ['new Date()', 'new Date\\(\\)'],
    ["globalThis['Date']", 'globalThis.Date'],
    ['performance.now()', 'performance.now'],
    ['Math.random()', 'Math.random'],
    ['setTimeout(() => undefined, 1)', 'setTimeout'],
    ["process.env['HOME']", 'process.env'],
    ["fetch('http://localhost')", 'fetch'],
  ].map(([code = '', what = '']): Fault => ({
    title: `${code} in a pure room`,
    file: `${engine}/plan/planted.ts`,
    text: `export const a = (): unknown => ${code}\n`,
    reason: new RegExp(`planted\\.ts:1 uses ${what}, and engine/plan is pure`),
  })),
  {
    title: 'a pure room that reaches a clock through another room',
    file: `${engine}/plan/planted.ts`,
    text: "export * from '../catalog/clock.ts'\n",
    reason:
      /planted\.ts:1 reaches Date\.now in packages\/engine\/src\/catalog\/clock\.ts:1, and engine\/plan is pure/,
  },
  {
    title: 'a kit of the tests in what is shipped',
    file: 'connectors/s3/src/planted.ts',
    text: "export * from './testing/kit.ts'\n",
    reason: /imports \.\/testing\/kit\.ts, which is there for tests only/,
  },
  {
    title: 'a folder that the table does not name',
    file: `${engine}/mystery/planted.ts`,
    text: 'export const a = 1\n',
    reason: /engine\/src\/mystery\/planted\.ts:1 lies in no room/,
  },
  {
    title: 'a file outside of every package',
    file: 'packages/mystery/src/planted.ts',
    text: 'export const a = 1\n',
    reason: /packages\/mystery\/src\/planted\.ts:1 lies in no package/,
  },
]

const beside: Tree = {
  files: {
    [`${engine}/catalog/clock.ts`]: 'export const now = (): number => Date.now()\n',
    'connectors/s3/src/testing/kit.ts': 'export const kit = 1\n',
  },
}

for (const { title, file, text, reason } of faults) {
  test(title, async (t) => {
    const { violations } = checkRooms(await plant(t, tree, beside, { files: { [file]: text } }))
    assert.match(violations.join('\n'), reason)
    assert.deepEqual(
      violations.filter((violation) => !violation.startsWith(`${file}:`)),
      [],
    )
  })
}

test('a room without a file is seen, by the count that the rule demands', async (t) => {
  const { files } = checkRooms(await emptied(t, `${engine}/transform`))
  assert.equal(files.get('engine/transform'), 0)
})

test('a file that cannot be read stops the check', async (t) => {
  const folder = await plant(t, tree, { files: { [`${engine}/plan/planted.ts`]: 'import {{ from\n' } })
  assert.throws(() => checkRooms(folder), /planted\.ts cannot be parsed/)
})

async function emptied(t: TestContext, folder: string): Promise<string> {
  const files = Object.entries(tree.files ?? {}).filter(([path]) => !path.startsWith(`${folder}/`))
  return plant(t, { copies: tree.copies ?? [], files: Object.fromEntries(files) })
}
