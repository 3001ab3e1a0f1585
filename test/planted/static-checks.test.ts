import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  compileCheck,
  deadCodeCheck,
  formatCheck,
  generatedCheck,
  lintCheck,
  packageCheck,
  runCheck,
  type StaticCheck,
  typeCheck,
} from '../../scripts/test/static-check.ts'
import { json, plant, type Tree } from './plant.ts'

const never = new AbortController().signal

/** Green without the fault, red with it, and for its reason. */
async function turnsRed(
  t: TestContext,
  check: StaticCheck,
  tree: Tree,
  fault: Tree,
  reason: RegExp,
): Promise<void> {
  const green = await runCheck(check, await plant(t, tree), never)
  assert.equal(green.status, 'passed', green.detail)
  const red = await runCheck(check, await plant(t, tree, fault), never)
  assert.equal(red.status, 'failed')
  assert.match(red.detail ?? '', reason)
}

const configuration: Tree = {
  copies: ['tsconfig.base.json', 'tsconfig.json', '.oxfmtrc.json', '.oxlintrc.json'],
}
const source = (text: string): Tree => ({
  ...configuration,
  files: { 'package.json': json({ type: 'module' }), 'scripts/planted.ts': text },
})

test('an unformatted file', (t) =>
  turnsRed(
    t,
    formatCheck,
    source("export const a = 'a'\n"),
    source('export const a = "a";\n'),
    /scripts\/planted\.ts/,
  ))

test('a floating promise', (t) => {
  const declared = 'export async function work(): Promise<void> {}\n\nexport function start(): void {\n'
  return turnsRed(
    t,
    lintCheck,
    source(`${declared}  void work()\n}\n`),
    source(`${declared}  work()\n}\n`),
    /no-floating-promises/,
  )
})

test('a type error', (t) =>
  turnsRed(
    t,
    typeCheck,
    source("export const a: string = 'a'\n"),
    source('export const a: string = 1\n'),
    /scripts\/planted\.ts.*TS2322/,
  ))

test('a package that does not build', (t) => {
  const tree: Tree = {
    copies: ['tsconfig.base.json', 'tsconfig.package.json'],
    files: {
      'tsconfig.build.json': json({ files: [], references: [{ path: 'packages/planted' }] }),
      'packages/planted/tsconfig.json': json({ extends: '../../tsconfig.package.json' }),
      'packages/planted/package.json': json({ type: 'module' }),
      'packages/planted/src/index.ts': 'export const a = 1\n',
    },
  }
  const fault = { files: { 'packages/planted/src/index.ts': 'enum A { b }\nexport const a = A.b\n' } }
  return turnsRed(t, compileCheck, tree, fault, /erasableSyntaxOnly/)
})

test('a dead export', (t) => {
  const tree: Tree = {
    files: {
      'package.json': json({ name: 'planted', type: 'module', private: true }),
      'knip.json': json({ entry: ['scripts/main.ts'], project: ['scripts/*.ts'] }),
      'scripts/main.ts': "import { used } from './part.ts'\nconsole.log(used)\n",
      'scripts/part.ts': 'export const used = 1\n',
    },
  }
  const fault = { files: { 'scripts/part.ts': 'export const used = 1\nexport const dead = 2\n' } }
  return turnsRed(t, deadCodeCheck, tree, fault, /Unused exports \(1\)\s+dead/)
})

test('a package whose export is not there', (t) => {
  const manifest = {
    name: 'planted',
    version: '1.0.0',
    license: 'Apache-2.0',
    type: 'module',
    files: ['dist'],
    engines: { node: '>=24.6' },
  }
  const exporting = (file: string): Tree => ({
    files: {
      'connectors/planted/package.json': json({ ...manifest, exports: { '.': `./dist/${file}` } }),
      'connectors/planted/dist/index.js': 'export {}\n',
    },
  })
  return turnsRed(
    t,
    packageCheck('connectors/planted'),
    exporting('index.js'),
    exporting('gone.js'),
    /gone\.js/,
  )
})

test('a generated file that is stale', async (t) => {
  const folder = await plant(t, { copies: ['scripts', 'packages', 'connectors', 'apps', 'examples', 'docs'] })
  const write = { ...generatedCheck, args: [] }
  assert.equal((await runCheck(write, folder, never)).status, 'passed')
  assert.equal((await runCheck(generatedCheck, folder, never)).status, 'passed')
  await appendFile(join(folder, 'connectors/s3/connector.json'), '\n')
  const red = await runCheck(generatedCheck, folder, never)
  assert.equal(red.status, 'failed')
  assert.match(red.detail ?? '', /stale {2}connectors\/s3\/connector\.json/)
})
