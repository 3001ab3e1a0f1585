/** Connectors of others: written, installed beside each other, and refused alone when they are broken. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { bundlesOf, writeBundle } from '../../scripts/build/bundle.ts'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, checkout, type Ended, json, temporaryFolder } from './command.ts'

const run = promisify(execFile)
const place = mkdtempSync(join(tmpdir(), 'bulkhead-e2e-connectors-'))
after(() => rmSync(place, { recursive: true, force: true }))
const environment = { BULKHEAD_CONNECTORS: join(place, 'installed') }
const command = (...args: readonly string[]): Promise<Ended> => bulkhead(args, { folder: place, environment })

/** npm as a user of a folder starts it, with whatever Node is in PATH. */
async function npm(folder: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], npm_config_prefer_offline: 'true' }
  const { stdout } = await run('npm', [...args, '--no-audit', '--no-fund'], { cwd: folder, env })
  return stdout
}

/** An application with one job that counts from 1 to its parameter. */
function application(t: TestContext, connector: string): Promise<string> {
  return writeApplication(join(temporaryFolder(t), 'app'), 'counting', {
    connections: { numbers: { connector } },
    stores: { out: { connector: 'files', config: { folder: 'out', createFolder: true } } },
    jobs: {
      go: {
        parameters: { last: { type: 'integer' } },
        source: { connection: 'numbers', query: { from: 1, to: { $param: 'last' } } },
        output: { format: 'jsonl', fileName: 'numbers.jsonl' },
        deliver: { store: 'out' },
      },
    },
  })
}

async function numbers(folder: string): Promise<readonly unknown[]> {
  const { code, stderr } = await command('run', '-a', folder, '-j', 'go', '-p', 'last=3')
  assert.equal(code, 0, stderr)
  const [runId = ''] = readdirSync(join(folder, 'out'))
  const lines = readFileSync(join(folder, 'out', runId, 'numbers.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => (JSON.parse(line) as { readonly number: unknown }).number)
}

test('a new connector passes the test kit, and serves once it is installed', async (t) => {
  const folder = join(place, 'counter')

  await t.test(
    'it is made by the command, and green by npm install and npm test with the SDK as published',
    async () => {
      const sdk = bundlesOf(checkout).find(({ folder }) => folder === 'packages/connector-sdk')
      assert.ok(sdk)
      await writeBundle(checkout, sdk)
      const pack = ['pack', '--workspace=packages/connector-sdk', '--pack-destination', place, '--silent']
      const { stdout } = await run('npm', pack, { cwd: checkout })
      const made = await command(
        'connectors',
        'new',
        'counter',
        '--sdk',
        `file:${join(place, stdout.trim())}`,
      )
      assert.equal(made.code, 0, made.stderr)
      await npm(folder, 'install', '--ignore-scripts')
      const started = performance.now()
      const printed = await npm(folder, 'test')
      assert.match(printed, /\n. fail 0\n/)
      assert.ok(performance.now() - started < 60_000)
    },
  )

  await t.test('two versions with different behaviour serve two applications', async () => {
    const before = await command('connectors', 'install', './counter', '--json')
    assert.equal(before.code, 0, before.stderr)
    for (const file of ['package.json', 'connector.json']) {
      const path = join(folder, file)
      writeFileSync(path, readFileSync(path, 'utf8').replace('"version": "0.1.0"', '"version": "0.2.0"'))
    }
    const source = join(folder, 'src', 'index.ts')
    writeFileSync(source, readFileSync(source, 'utf8').replace('BigInt(number)', 'BigInt(number * 10)'))
    await npm(folder, 'pack')
    const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'))
    const later = await command('connectors', 'install', `counter/${archive}`)
    assert.equal(later.code, 0, later.stderr)

    const listed = json<{ connectors: readonly { name: string; version: string; folder: string }[] }>(
      await command('connectors', 'list', '--json'),
    ).connectors.filter(({ name }) => name === 'counter')
    assert.deepEqual(
      listed.map(({ version }) => version),
      ['0.2.0', '0.1.0'],
    )
    for (const { folder: own } of listed) assert.ok(existsSync(join(own, 'node_modules')))
    assert.equal(readdirSync(environment.BULKHEAD_CONNECTORS).length, 2, 'something of the install is left')

    const [old, current] = [await application(t, 'counter@0.1.0'), await application(t, 'counter@^0.2.0')]
    assert.deepEqual(await Promise.all([numbers(old), numbers(current)]), [
      [1, 2, 3],
      [10, 20, 30],
    ])
    const shown = json(await command('connectors', 'show', 'counter@0.1.0', '--json'))
    assert.equal(shown['version'], '0.1.0')
  })

  await t.test('what throws, hangs or lies is refused alone, with its reason', async (t) => {
    const broken = {
      throws: [`throw new Error('libcount.so is missing')`, 'libcount.so is missing'],
      hangs: ['await new Promise(() => setInterval(() => {}, 1000))', 'not loaded after 15 s'],
      lies: [undefined, 'its name is "counter"'],
    } as const
    for (const [name, [code]] of Object.entries(broken)) {
      const own = join(environment.BULKHEAD_CONNECTORS, `${name}@0.2.0`)
      cpSync(join(environment.BULKHEAD_CONNECTORS, 'counter@0.2.0'), own, { recursive: true })
      const described = join(own, 'connector.json')
      writeFileSync(
        described,
        readFileSync(described, 'utf8').replace('"name": "counter"', `"name": "${name}"`),
      )
      if (code !== undefined) writeFileSync(join(own, 'src', 'index.ts'), code)
    }
    mkdirSync(join(environment.BULKHEAD_CONNECTORS, 'garbled@1.0.0'))
    writeFileSync(join(environment.BULKHEAD_CONNECTORS, 'garbled@1.0.0', 'connector.json'), '{')

    const good = await application(t, 'counter@0.2.0')
    const runs = Object.entries(broken).map(async ([name, [, reason]]) => {
      const { code, stdout } = await command(
        'run',
        '-a',
        await application(t, name),
        '-j',
        'go',
        '-p',
        'last=3',
      )
      assert.equal(code, 3, name)
      const { error } = (JSON.parse(stdout) as { data: { error: { code: string; message: string } } }).data
      assert.equal(error.code, 'connector-broken')
      assert.ok(error.message.includes(reason), error.message)
    })
    const [counted] = await Promise.all([numbers(good), ...runs])
    assert.deepEqual(counted, [10, 20, 30])
    const { stdout } = await command('connectors', 'list')
    assert.match(stdout, /unusable: .*garbled@1\.0\.0: connector\.json is not JSON/)
  })

  await t.test('what is no connector is not installed', async () => {
    const none = join(place, 'none')
    mkdirSync(none)
    writeFileSync(join(none, 'package.json'), '{ "name": "none", "version": "1.0.0" }')
    const refused = await command('connectors', 'install', './none')
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /connector-broken/)
    assert.ok(!existsSync(join(environment.BULKHEAD_CONNECTORS, 'none@1.0.0')))
    const missing = await command('connectors', 'install', 'file:./not-there.tgz')
    assert.equal(missing.code, 3)
    assert.match(missing.stderr, /connector-install-failed/)
    assert.ok(readdirSync(dirname(environment.BULKHEAD_CONNECTORS)).includes('installed'))
  })
})
