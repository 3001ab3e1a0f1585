import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { checkDocuments } from '../architecture/check-documents.ts'
import { checkFiles } from '../architecture/check-files.ts'
import { checkLockFile } from '../architecture/check-lock-file.ts'
import { checkPackages } from '../architecture/check-packages.ts'
import { checkPlaces } from '../architecture/check-places.ts'
import { checkRequirements, requirementIds } from '../architecture/check-requirements.ts'
import { json, plant } from './plant.ts'

test('file names and lengths', async (t) => {
  const line = 'export {}\n'
  const folder = await plant(t, {
    files: {
      'scripts/good-name.test.ts': line,
      'scripts/BadName.ts': line,
      'scripts/utils.ts': line,
      'scripts/long.ts': line.repeat(401),
      'scripts/long-for-a-reason.ts': `/** One file, because its parts change together. */\n${line.repeat(401)}`,
    },
  })
  assert.deepEqual(checkFiles(folder), [
    'scripts/BadName.ts: its name is not kebab-case',
    'scripts/long.ts: it has 401 lines, more than 400: split it, or say in its header why it is one file',
    'scripts/utils.ts: it is not named after the one thing inside',
  ])
  const empty = await plant(t)
  assert.throws(() => checkFiles(empty), /no file to check/)
})

test('places of one machine', async (t) => {
  const folder = await plant(t, {
    files: {
      'a.md': ['fine: /usr/bin/psql', `see /${'tmp'}/bulkhead-1`, `from registry.${'npmjs'}.org`].join('\n'),
      'b.sh': `cd ../${'shared'}/design\n`,
    },
  })
  execFileSync('git', ['init', '-q'], { cwd: folder })
  assert.deepEqual(
    checkPlaces(folder).map((place) => place.split(': ')[0]),
    [
      'a.md:2 names a folder of one machine',
      'a.md:3 names a registry',
      'b.sh:1 names a neighbour of the checkout',
    ],
  )
})

test('requirements that are missing, unproved, or proved by nothing', async (t) => {
  const lines = requirementIds.map((id) => `| ${id} | what it asks | \`test/proof.test.ts\` |`)
  const write = (change: (line: string) => string) =>
    plant(t, { files: { 'docs/requirements.md': lines.map(change).join('\n'), 'test/proof.test.ts': '' } })
  const replacing = (id: string, text: string) => (line: string) =>
    line.startsWith(`| ${id} |`) ? text : line
  assert.deepEqual(checkRequirements(await write((line) => line)), [])
  assert.deepEqual(checkRequirements(await write(replacing('M9', '| M9 | later | not yet |'))), [])
  assert.deepEqual(checkRequirements(await write(replacing('D7', ''))), ['D7: it is missing'])
  assert.deepEqual(checkRequirements(await write(replacing('T11', '| T11 | logs | done |'))), [
    'T11: it names no test, and does not say "not yet"',
  ])
  assert.deepEqual(checkRequirements(await write(replacing('P1', '| P1 | `test/gone.test.ts` |'))), [
    'P1: there is no test test/gone.test.ts',
  ])
})

test('commands and links that do not exist', async (t) => {
  const readme = [
    '```sh',
    'npm test   # fine',
    'npm run nothing',
    'npx bulkhead run --request FILE',
    'bulkhead fly',
    '```',
    'See [this](docs/there.md), [that](docs/gone.md#part) and `npm run gone`.',
  ].join('\n')
  const folder = await plant(t, {
    files: { 'README.md': readme, 'docs/there.md': '', 'package.json': json({ scripts: { test: '' } }) },
  })
  assert.deepEqual(checkDocuments(folder, new Set(['run'])), {
    commands: 5,
    links: 2,
    faults: [
      'README.md: there is no npm run nothing',
      'README.md: there is no command bulkhead fly',
      'README.md: there is no npm run gone',
      'README.md: there is no docs/gone.md to link to',
    ],
  })
})

test('a lock file of one platform, or of one registry', async (t) => {
  const lock = (packages: object): Promise<string> =>
    plant(t, { files: { 'package-lock.json': json({ packages }) } })
  const tool = {
    'node_modules/tool': { optionalDependencies: { 'tool-linux': '1.0.0', 'tool-mac': '1.0.0' } },
  }
  const both = { 'node_modules/tool-linux': {}, 'node_modules/tool/node_modules/tool-mac': {} }
  assert.deepEqual(checkLockFile(await lock({ '': {}, ...tool, ...both })), [])
  assert.deepEqual(checkLockFile(await lock({ '': {}, ...tool, 'node_modules/tool-linux': {} })), [
    'node_modules/tool: tool-mac is optional, for another platform, and not locked',
  ])
  assert.deepEqual(
    checkLockFile(await lock({ '': {}, 'node_modules/a': { resolved: 'https://host/a.tgz' } })),
    ['node_modules/a: it is locked to the address https://host/a.tgz'],
  )
})

test('packages that say too little, export what is not there, or know too much', async (t) => {
  const manifest = {
    name: '@bulkhead/connector-planted',
    version: '1.0.0',
    description: 'A connector that is planted',
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': { '@bulkhead/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    },
    files: ['dist', '!dist/.tsbuildinfo', 'connector.json'],
    engines: { node: '>=24.6' },
    peerDependencies: { '@bulkhead/connector-sdk': '^1.0.0' },
  }
  const check = async (change: object): Promise<readonly string[]> =>
    checkPackages(
      await plant(t, {
        files: {
          'connectors/planted/package.json': json({ ...manifest, ...change }),
          'connectors/planted/src/index.ts': '',
          'connectors/planted/connector.json': '{}',
          'connectors/planted/README.md': '',
          'connectors/planted/CHANGELOG.md': '',
        },
      }),
    )
  assert.deepEqual(await check({}), [])
  assert.deepEqual(await check({ license: 'MIT' }), ['connectors/planted: its licence is not Apache-2.0'])
  assert.deepEqual(await check({ files: ['dist', '!dist/.tsbuildinfo'] }), [
    'connectors/planted: its files do not hold connector.json',
  ])
  assert.deepEqual(await check({ dependencies: { pg: '^8.0.0' } }), [
    "connectors/planted: it depends on pg ^8.0.0: others' packages exactly, ours by ^",
  ])
  assert.deepEqual(await check({ dependencies: { '@bulkhead/engine': '^1.0.0' } }), [
    'connectors/planted: it depends on @bulkhead/engine, @bulkhead/connector-sdk: the SDK and no more',
  ])
  const swapped = {
    '.': { types: './dist/index.d.ts', '@bulkhead/source': './src/index.ts', default: './dist/index.js' },
  }
  assert.match((await check({ exports: swapped })).join(), /in this order/)
})
