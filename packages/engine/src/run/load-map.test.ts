import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { loadMap } from './load-map.ts'

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-map-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

async function refusal(folder: string, file: string): Promise<BulkheadError> {
  return loadMap(folder, file, 'spec.jobs.j.process[0].map').then(
    () => assert.fail('it should have been refused'),
    (error: unknown) => error as BulkheadError,
  )
}

test('loads TypeScript with its imports and fields, without a package.json', async (t) => {
  const folder = await folderOf(t, {
    'map.ts': `import type { Row } from '@bulkhead/connector-sdk'
      import { twice } from './lib/twice.ts'
      import { EOL } from 'node:os'
      export const fields = { n: 'integer' }
      export default (row: Row): Row => ({ n: twice(Number(row['n'])) + EOL.length - 1 })`,
    'lib/twice.ts': 'export const twice = (n: number): number => n * 2',
  })
  const { map, fields } = await loadMap(folder, 'map.ts', 'x')
  assert.deepEqual(map({ n: 21 }, { flags: {} }), { n: 42 })
  assert.deepEqual(fields, { n: 'integer' })
})

test('loads a file again after it was changed', async (t) => {
  const folder = await folderOf(t, { 'map.ts': 'export default () => 1' })
  assert.equal((await loadMap(folder, 'map.ts', 'x')).map({}, { flags: {} }), 1)
  await writeFile(join(folder, 'map.ts'), 'export default () => 2')
  assert.equal((await loadMap(folder, 'map.ts', 'x')).map({}, { flags: {} }), 2)
})

test('names file and line of what is wrong with the code, and how to put it right', async (t) => {
  const folder = await folderOf(t, {
    'syntax.ts': 'export default (row: unknown) => row\nconst x: = 3\n',
    'enum.ts': 'export default () => 1\nenum X { A }\n',
    'thrown.ts': '\n\nthrow new TypeError("hunter2")\nexport default 1',
    'import.ts': "import './syntax.ts'\nexport default () => 1",
    'missing.ts': "import './no.ts'\nexport default () => 1",
    'package.ts': "import 'left-pad'\nexport default () => 1",
    'name.ts': "import { nothing } from 'node:fs'\nexport default () => nothing",
    'value.ts': 'export default 7',
    'none.ts': 'export const map = () => 1',
  })
  const reasons = {
    'syntax.ts': /^syntax\.ts, line 2: Unexpected token/,
    'enum.ts': /^enum\.ts, line 2: TypeScript enum is not supported/,
    'thrown.ts': /^thrown\.ts, line 3 threw TypeError while it was loaded$/,
    'import.ts': /^syntax\.ts, line 2/,
    'missing.ts': /^missing\.ts imports what is not there: no\.ts$/,
    'package.ts': /imports what is not there: left-pad$/,
    'name.ts': /^name\.ts, line 1: .*does not provide an export named 'nothing'/,
    'value.ts': /has no function as its default export/,
    'none.ts': /has no function as its default export/,
  }
  for (const [file, reason] of Object.entries(reasons)) {
    const error = await refusal(folder, file)
    assert.equal(error.code, 'map-invalid', file)
    assert.match(error.message, reason)
    assert.ok(!error.message.includes('hunter2') && !error.message.includes(folder), error.message)
    assert.equal(error.path, 'spec.jobs.j.process[0].map')
    assert.ok(error.fix)
  }
})

test('takes nothing from outside the folder', async (t) => {
  const outside = await folderOf(t, { 'evil.ts': 'export default () => 1' })
  const folder = await folderOf(t, {
    'climb.ts': `import '../${outside.split('/').at(-1)}/evil.ts'\nexport default () => 1`,
    'absolute.ts': `import '${outside}/evil.ts'\nexport default () => 1`,
    'inner.ts': `import './linked.ts'\nexport default () => 1`,
    'data.ts': `import 'data:text/javascript,1'\nexport default () => 1`,
  })
  await symlink(join(outside, 'evil.ts'), join(folder, 'linked.ts'))
  assert.equal((await refusal(folder, 'linked.ts')).code, 'file-outside-application')
  assert.equal(
    (await refusal(folder, join('..', outside.split('/').at(-1) ?? '', 'evil.ts'))).code,
    'file-outside-application',
  )
  for (const file of ['climb.ts', 'absolute.ts', 'inner.ts', 'data.ts'])
    assert.match((await refusal(folder, file)).message, /imports .*, which lies outside its folder/, file)
  assert.equal((await refusal(folder, 'nothing.ts')).code, 'file-not-found')
})

test('leaves other imports of the process alone', async (t) => {
  const folder = await folderOf(t, { 'map.ts': 'export default () => 1' })
  const elsewhere = await folderOf(t, {
    'a.ts': "import './b.ts'\nexport const a: number = 1",
    'b.ts': 'export {}',
  })
  const [, other] = await Promise.all([
    loadMap(folder, 'map.ts', 'x'),
    import(join(elsewhere, 'a.ts')) as Promise<{ a: number }>,
  ])
  assert.equal(other.a, 1)
})
