import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Behaviour, type PlatformSpec, platformSchema } from '@bulkhead/contract'
import { catalogOf } from '../catalog/catalog-of.ts'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import { behaviourOf, digestOf } from './behaviour.ts'
import { readApplication } from './read-application.ts'

/** What an application is read from, and where: everything that a row of the table may change. */
interface Place {
  readonly files: Record<string, string>
  readonly variables: Record<string, string>
  readonly connectors: { name: string; version: string; integrity: string }[]
  /** `node_modules` of the connectors: version by name. */
  readonly dependencies: Record<string, string>
  platform: unknown
  runner: string
  environment: string
}

const manifest = `apiVersion: bulkhead.dev/v1beta1
kind: Application
metadata: { name: billing }
spec:
  owner: team@example.com
  connections:
    ledger:
      connector: postgres@^1
      config: { host: { env: LEDGER_HOST }, database: ledger, password: { secret: ledger } }
    documents: { connector: mongodb }
  stores:
    exports: { connector: files, config: { folder: out } }
  jobs:
    invoices:
      source: { connection: ledger, queryFile: invoices.sql }
      process: [{ map: ./map.ts }]
    orders:
      source: { connection: documents, query: { find: orders, sort: { day: 1, id: -1 } } }
  triggers:
    requests: { kafka: { cluster: main, topic: billing.requests } }
`

const overlay = `apiVersion: bulkhead.dev/v1beta1
kind: Environment
spec:
  env: [LEDGER_HOST, OTHER]
  policy: { limits: { rows: 500 } }
`

function place(): Place {
  return {
    files: {
      'application.yaml': manifest,
      'invoices.sql': 'SELECT 1',
      'map.ts': "import './rates.ts'",
      'rates.ts': 'export {}',
      'tests/a.yaml': 'a: 1',
      'README.md': 'About it',
      'environments/production.yaml': overlay,
      'environments/test.yaml': overlay.replace('500', '5'),
    },
    variables: { LEDGER_HOST: 'db.internal', OTHER: 'a' },
    connectors: ['postgres', 'mongodb', 'files', 'unused'].map((name) => ({
      name,
      version: '1.0.0',
      integrity: `sha256-${name}`,
    })),
    dependencies: { driver: '1.0.0', codec: '2.0.0' },
    platform: { kafka: { main: { bootstrap: ['a:9092', 'b:9092'] }, other: { bootstrap: ['c:9092'] } } },
    runner: 'build-1',
    environment: 'production',
  }
}

type Moves = 'bundle' | 'environment' | 'both' | 'nothing'
type Row = readonly [what: string, moves: Moves, change: (at: Place) => void]

const inManifest =
  (from: string | RegExp, to: string) =>
  ({ files }: Place): void => {
    const before = files['application.yaml'] ?? ''
    files['application.yaml'] = before.replace(from, to)
    assert.notEqual(files['application.yaml'], before)
  }
const inFile =
  (path: string, text: string) =>
  ({ files }: Place): void => {
    files[path] = text
  }
const inPlatform =
  (platform: unknown) =>
  (at: Place): void => {
    at.platform = platform
  }
const kafka = { main: { bootstrap: ['a:9092', 'b:9092'] } }
const vault = (more: object): object => ({
  vault: { address: 'https://vault.internal', token: { env: 'T' }, ...more },
})

const table: readonly Row[] = [
  ['a query in a file', 'bundle', inFile('invoices.sql', 'SELECT 2')],
  ['a query in the manifest', 'bundle', inManifest('find: orders', 'find: bills')],
  ['the order of what a query sorts by', 'bundle', inManifest('day: 1, id: -1', 'id: -1, day: 1')],
  ['mapping code', 'bundle', inFile('map.ts', "import './rates.ts' // more")],
  ['code that mapping code may import', 'bundle', inFile('rates.ts', 'export const rate = 2')],
  ['settings of a connection', 'bundle', inManifest('database: ledger', 'database: books')],
  ['which secret is named', 'bundle', inManifest('secret: ledger', 'secret: books')],
  ['which versions of a connector fit', 'both', inManifest('postgres@^1', 'postgres@1')],
  ['a new job', 'bundle', inManifest('  triggers:', '    more: { source: { connection: ledger, query: a } }\n  triggers:')],
  ['a limit', 'bundle', inManifest('  triggers:', '  policy: { limits: { memory: 512MiB } }\n  triggers:')],
  ['a flag', 'bundle', inManifest('  triggers:', '  flags: { new-tariff: { percent: 10 } }\n  triggers:')],
  ['a flag that the overlay sets', 'bundle', (at) => {
    inManifest('  triggers:', '  flags: { new-tariff: false }\n  triggers:')(at)
    inFile('environments/production.yaml', `${overlay}  flags: { new-tariff: true }\n`)(at)
  }],
  ['the topic of requests', 'bundle', inManifest('billing.requests', 'billing.asks')],
  ['its name', 'bundle', inManifest('name: billing', 'name: invoicing')],
  ['which variable is read', 'both', inManifest('env: LEDGER_HOST', 'env: OTHER')],
  ['the overlay that is used', 'bundle', inFile('environments/production.yaml', overlay.replace('500', '600'))],
  ['another overlay is chosen', 'bundle', (at) => (at.environment = 'test')],

  ['the value of a variable', 'environment', ({ variables }) => (variables['LEDGER_HOST'] = 'db2.internal')],
  ['files of a connector', 'environment', ({ connectors }) => (connectors[0]!.integrity = 'sha256-else')],
  ['version of a connector', 'environment', ({ connectors }) => (connectors[0]!.version = '1.1.0')],
  ['a dependency of a connector', 'environment', ({ dependencies }) => (dependencies['driver'] = '1.0.1')],
  ['a dependency of a dependency', 'environment', ({ dependencies }) => (dependencies['codec'] = '2.0.1')],
  ['an operator lends the identity of the machine', 'environment', ({ variables }) => (variables['BULKHEAD_POSTGRES_MACHINE_IDENTITY'] = 'allow')],
  ['address of its cluster', 'environment', inPlatform({ kafka: { main: { bootstrap: ['x:9092'] } } })],
  ['encryption of its cluster', 'environment', inPlatform({ kafka: { main: { ...kafka.main, tls: true } } })],
  ['its cluster is gone', 'environment', inPlatform({ kafka: {} })],
  ['where its secrets are', 'environment', inPlatform({ kafka, secrets: { providers: [vault({})] } })],
  ['the build of the runner', 'environment', (at) => (at.runner = 'build-2')],

  ['a comment', 'nothing', inManifest('spec:', '# a comment\nspec: # and one more')],
  ['white space', 'nothing', inManifest('{ name: billing }', '\n    name:   "billing"')],
  ['order of keys', 'nothing', inManifest('connector: postgres@^1\n      config', 'config')],
  ['a default written down', 'nothing', inManifest('  triggers:', '  isolation: application\n  triggers:')],
  ['how a file is named', 'nothing', inManifest('queryFile: invoices.sql', 'queryFile: ./invoices.sql')],
  ['its tests', 'nothing', inFile('tests/a.yaml', 'a: 2')],
  ['code in its tests', 'nothing', inFile('tests/a.ts', 'export {}')],
  ['a file that nothing names', 'nothing', inFile('README.md', 'More about it')],
  ['an overlay that is not used', 'nothing', inFile('environments/test.yaml', overlay.replace('500', '7'))],
  ['a variable that is not read', 'nothing', ({ variables }) => (variables['OTHER'] = 'b')],
  ['value of a secret', 'nothing', ({ variables }) => (variables['BULKHEAD_SECRET__BILLING__LEDGER'] = 's')],
  ['secrets of another', 'nothing', ({ variables }) => (variables['BULKHEAD_SECRET__OTHER__X'] = 's')],
  ['its share of the runners', 'nothing', inPlatform({ kafka, applications: { weights: { billing: 4 } } })],
  ['the budget of its source system', 'nothing', inPlatform({ kafka, systems: { ledger: { runs: 2, hosts: ['db.internal'] } } })],
  ['a connector that it does not use', 'nothing', ({ connectors }) => (connectors[3]!.integrity = 'sha256-z')],
  ['a package that no connector uses', 'nothing', ({ dependencies }) => (dependencies['unused'] = '9.0.0')],
  ['a cluster that it does not name', 'nothing', inPlatform({ kafka: { ...kafka, other: { bootstrap: ['z:1'] } } })],
  ['order of brokers', 'nothing', inPlatform({ kafka: { main: { bootstrap: ['b:9092', 'a:9092'] } } })],
  ['how many processes there are', 'nothing', inPlatform({ kafka, runners: { processes: 3 } })],
  ['how long things are kept', 'nothing', inPlatform({ kafka, retention: { runs: 'P7D' } })],
] // prettier-ignore

/** The order of keys is changed by hand: what was taken away above comes back behind it. */
const reordered =
  'ledger:\n      config: { host: { env: LEDGER_HOST }, database: ledger, password: { secret: ledger } }'

async function behaviourAt(root: string, at: Place): Promise<Behaviour> {
  const folder = join(root, 'application')
  const files = { ...at.files }
  files['application.yaml'] = (files['application.yaml'] ?? '').replace(
    reordered,
    `${reordered}\n      connector: postgres@^1`,
  )
  await rm(root, { recursive: true, force: true })
  await writeAll(folder, files)
  await writeAll(
    join(root, 'node_modules'),
    Object.fromEntries(
      Object.entries(at.dependencies).map(([name, version]) => [
        `${name}/package.json`,
        JSON.stringify({ version, dependencies: name === 'driver' ? { codec: '*' } : {} }),
      ]),
    ),
  )
  const entries = at.connectors.map((one): ConnectorEntry => ({
    name: one.name,
    version: one.version,
    folder: join(root, one.name),
    integrity: () => one.integrity,
    manifest: {
      name: one.name,
      version: one.version,
      sdk: 1,
      summary: '',
      query: {},
      errors: [],
      config: { properties: { password: { secret: true } } },
    },
  }))
  for (const { folder: package_ } of entries)
    await writeAll(package_, { 'package.json': '{"dependencies":{"driver":"*"}}' })
  const { spec } = platformSchema.parse({
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: at.platform,
  }) as { readonly spec: PlatformSpec }
  const application = await readApplication(folder, {
    environment: at.environment,
    variables: at.variables,
  })
  return behaviourOf(application, {
    catalog: catalogOf(entries),
    platform: spec,
    variables: at.variables,
    runner: at.runner,
  })
}

/** Behaviours before and after each row's change. */
const behaviours = allBehaviours()

async function allBehaviours(): Promise<{
  readonly before: Behaviour
  readonly after: readonly Behaviour[]
}> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-behaviour-'))
  try {
    const before = await behaviourAt(root, place())
    const after: Behaviour[] = []
    for (const [, , change] of table) {
      const at = place()
      change(at)
      after.push(await behaviourAt(root, at))
    }
    return { before, after }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** What of the table does not hold. @param seen  what a digest is made of; a double forgets some of it */
async function brokenRows(seen = (behaviour: Behaviour): Behaviour => behaviour): Promise<string[]> {
  const all = await behaviours
  const before = digestOf(seen(all.before))
  return table.flatMap(([what, moves], index) => {
    const after = digestOf(seen(all.after[index] ?? assert.fail()))
    const moved = (['bundle', 'environment'] as const).filter((part) => before[part] !== after[part])
    assert.equal(after.digest !== before.digest, moved.length > 0, what)
    return (moved.length === 2 ? 'both' : (moved[0] ?? 'nothing')) === moves ? [] : [what]
  })
}

test('a digest moves with all that decides what an application does, and with nothing else', async () => {
  assert.deepEqual(await brokenRows(), [])
})

test('a digest that forgets an input, or sees too much, does not pass the table', async () => {
  const without =
    (prefix: string) =>
    (one: Behaviour): Behaviour => {
      const keep = (part: Behaviour['bundle']): Behaviour['bundle'] =>
        Object.fromEntries(Object.entries(part).filter(([name]) => !name.startsWith(prefix)))
      return { ...one, bundle: keep(one.bundle), environment: keep(one.environment) }
    }
  const forgotten = {
    'files/': 3,
    'spec.jobs': 3,
    'spec.connections': 4,
    'spec.policy': 2,
    'spec.triggers': 1,
    'variables/': 1,
    'connectors/': 5,
    'clusters/': 3,
    secrets: 1,
    'platform/runner': 1,
  }
  for (const [prefix, least] of Object.entries(forgotten))
    assert.ok((await brokenRows(without(prefix))).length >= least, prefix)
  let count = 0
  const unsteady = (one: Behaviour): Behaviour => ({ ...one, bundle: { ...one.bundle, at: String(count++) } })
  assert.ok((await brokenRows(unsteady)).includes('a comment'))
})

test('the times of files, and where they lie, tell nothing', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-behaviour-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const before = digestOf(await behaviourAt(join(root, 'a'), place()))
  assert.deepEqual(digestOf(await behaviourAt(join(root, 'elsewhere'), place())), before)
  await utimes(join(root, 'a', 'application', 'application.yaml'), 1, 1)
  assert.deepEqual(digestOf(await behaviourAt(join(root, 'a'), place())), before)
})

test('tells no secret, and no value of a variable', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-behaviour-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const at = place()
  at.files['application.yaml'] = manifest.replace('{ secret: ledger }', 'in-the-clear-7')
  at.variables['LEDGER_HOST'] = 'host-of-nobodys-business'
  at.platform = { kafka, secrets: { providers: [vault({ token: { env: 'TOKEN_NAME' } })] } }
  const text = JSON.stringify(await behaviourAt(root, at))
  assert.match(text, /LEDGER_HOST/)
  assert.doesNotMatch(text, /in-the-clear-7|nobodys-business|TOKEN_NAME/)
})

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
