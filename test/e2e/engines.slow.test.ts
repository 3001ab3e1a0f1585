/**
 * Two builds of the runner side by side: some applications are put on the new one while all are used, and are taken back
 * by one command. The server is a process as its users start it, the second build is one as it ships. D5, P5.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { buildEngine } from '../../scripts/build/build-engine.ts'
import { bulkhead, checkout, json, temporaryFolder } from './command.ts'
import { keepAsking, type Run, startWorld, type World, writeShop } from './shop-world.ts'
import { until } from './until.ts'

const next = '1.1.0'
const ownVersion = (
  JSON.parse(readFileSync(join(checkout, 'apps/runner/package.json'), 'utf8')) as { version: string }
).version
const built = temporaryFolder({ after })

before(async () => {
  await buildEngine(checkout, built, next)
})

interface Engines {
  readonly items: readonly {
    readonly name: string
    readonly state: string
    readonly build?: string
    readonly reason?: string
    readonly applications: readonly string[]
  }[]
  readonly setAside: readonly {
    readonly application: string
    readonly code: string
    readonly message: string
  }[]
}

/** A build that says that it is `version`, and whose processes do `work` instead of work. */
function writeEngine(folder: string, version: string, work: string, describe?: string): void {
  const runner = join(folder, 'node_modules/@bulkhead/runner')
  mkdirSync(runner, { recursive: true })
  const exports = { './connected': { default: './main.js' } }
  const manifest = { name: '@bulkhead/runner', version, type: 'module', exports }
  const said = { engine: 'bulkhead-runner', version, protocols: [1], bundles: [1] }
  const statement = JSON.stringify({ ...said, manifests: ['bulkhead.dev/v1beta1'] })
  writeFileSync(join(runner, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(runner, 'main.js'),
    `if (process.argv[2] === '--describe') { ${describe ?? `console.log(${JSON.stringify(statement)})`} } else { ${work} }\n`,
  )
}

async function startServed(t: TestContext, names: readonly string[]) {
  const folder = temporaryFolder(t)
  for (const name of names) await writeShop(join(folder, 'apps', name), name, 'one')
  const engines = join(folder, 'engines')
  mkdirSync(engines)
  symlinkSync(built, join(engines, next))
  const start = (): Promise<World> =>
    startWorld(t, folder, {
      BULKHEAD_ENGINES: engines,
      BULKHEAD_PLATFORM__RUNNERS__SILENCE: 'PT10S',
    })
  const command = (world: World, ...args: readonly string[]) =>
    bulkhead(['engines', ...args, '--json'], { environment: { BULKHEAD_SERVER: world.url } })
  const list = async (world: World): Promise<Engines> => json<Engines>(await command(world, 'list'))
  return { folder, engines, start, command, list }
}

/** Which builds had the runs; all of them completed. */
function enginesOf(runs: readonly (Run | undefined)[]): readonly string[] {
  for (const run of runs) assert.equal(run?.state, 'completed', JSON.stringify(run))
  return [...new Set(runs.map((run) => (run?.engine ?? '').split('+')[0] ?? ''))]
}

const onOwn = `built-in ${ownVersion}`
const onNext = `${next} ${next}`

test('applications of a list are put on a new build while all are used, and back by one command; none else moves, no request is lost', async (t) => {
  const { folder, start, command, list } = await startServed(t, ['quiet', 'shop', 'store'])
  const gate = join(folder, 'go')
  const slow = `import { existsSync } from 'node:fs'
export default async (row) => {
  while (!existsSync(${JSON.stringify(gate)})) await new Promise((next) => setTimeout(next, 20))
  return row
}
`
  await writeShop(join(folder, 'apps/slow'), 'slow', 'one', slow)
  const world = await start()
  const users = ['quiet', 'shop', 'store'].map((name) => [name, keepAsking(world, name)] as const)
  const begunBefore = await world.ask('slow')
  assert.ok(begunBefore)
  await until('that it runs', async () => {
    const response = await fetch(`${world.url}/api/v1/runs/${begunBefore}`)
    return ((await response.json()) as Run).state === 'running' ? true : undefined
  })

  const apps = ['--apps', 'shop', 'store', 'slow']
  const planned = json<{
    hash: string
    applications: { application: string; changes: { place: string }[] }[]
  }>(await command(world, 'rollout', next, ...apps, '--plan'))
  assert.deepEqual(
    planned.applications.map(
      ({ application, changes }) => `${application} ${changes.map(({ place }) => place).join()}`,
    ),
    ['shop platform/runner', 'slow platform/runner', 'store platform/runner'],
  )
  assert.equal((await world.answer('shop'))?.engine?.startsWith(onOwn), true)
  const done = await command(world, 'rollout', next, ...apps, '--plan-hash', planned.hash)
  assert.equal(done.code, 0, done.stderr)
  const stale = await command(world, 'rollout', next, ...apps, '--plan-hash', planned.hash)
  assert.match(stale.stderr, /plan-stale/)
  for (const name of ['shop', 'store'])
    await until(`${name} on the new build`, async () =>
      (await world.answer(name))?.engine?.startsWith(onNext) === true ? true : undefined,
    )
  assert.ok(
    (await world.metric(`bulkhead_runs_total{application="shop",status="completed",engine="${next}"}`)) ?? 0,
  )
  assert.deepEqual(
    (await list(world)).items.map(
      ({ name, state, applications }) => `${name} ${state} ${applications.join()}`,
    ),
    [`${next} usable shop,slow,store`, 'built-in usable quiet'].toReversed(),
  )
  // what was begun before ends on the build that it began with
  writeFileSync(gate, '')
  assert.deepEqual(enginesOf([await world.ended(begunBefore)]), [onOwn])
  assert.deepEqual(enginesOf([await world.answer('slow')]), [onNext])
  const shown = await bulkhead(['runs', 'show', begunBefore], { environment: { BULKHEAD_SERVER: world.url } })
  assert.match(shown.stdout, new RegExp(`engine +${onOwn}\\+[0-9a-f]{12}`))

  const back = await command(world, 'rollout', next, '--back')
  assert.equal(back.code, 0, back.stderr)
  for (const name of ['shop', 'store'])
    await until(`${name} on the own build again`, async () =>
      (await world.answer(name))?.engine?.startsWith(onOwn) === true ? true : undefined,
    )
  for (const [name, user] of users) {
    const seen = enginesOf(await user.stop())
    assert.deepEqual(
      seen.toSorted(),
      name === 'quiet' ? [onOwn] : [next, 'built-in'].map((one) => (one === next ? onNext : onOwn)),
      name,
    )
  }
  // nobody started a process for what was not on the list
  assert.equal(world.runners('quiet'), 1)
})

test('a build that does not start, lies or does not fit is set aside alone with its reason, and nothing can be put on it', async (t) => {
  const { engines, start, command, list } = await startServed(t, ['quiet'])
  writeEngine(join(engines, 'throws'), '2.0.0', '', 'throw new Error("libshelf.so is missing")')
  writeEngine(
    join(engines, 'lies'),
    '2.0.0',
    '',
    `console.log(${JSON.stringify('{"engine":"bulkhead-runner","version":"9.9.9","protocols":[1],"bundles":[1],"manifests":["bulkhead.dev/v1beta1"]}')})`,
  )
  writeEngine(
    join(engines, 'stranger'),
    '2.0.0',
    '',
    `console.log(${JSON.stringify('{"engine":"bulkhead-runner","version":"2.0.0","protocols":[7],"bundles":[1],"manifests":["bulkhead.dev/v1beta1"]}')})`,
  )
  mkdirSync(join(engines, 'empty'))
  const world = await start()
  const asking = keepAsking(world, 'quiet')
  const found = await until('that all were asked', async () => {
    const { items } = await list(world)
    return items.some(({ state }) => state === 'asked') ? undefined : items
  })
  assert.deepEqual(
    found.map(({ name, state }) => `${name} ${state}`),
    [
      'built-in usable',
      `${next} usable`,
      'empty set-aside',
      'lies set-aside',
      'stranger set-aside',
      'throws set-aside',
    ],
  )
  const reasons = Object.fromEntries(found.map(({ name, reason }) => [name, reason]))
  assert.match(String(reasons['throws']), /exit code 1: Error: libshelf\.so is missing/)
  assert.match(String(reasons['lies']), /it says that it is version 9\.9\.9, and its package 2\.0\.0/)
  assert.match(String(reasons['stranger']), /version 7 of the runner API, and this server 1/)
  for (const [name, code] of [
    ['throws', 'engine-unusable'],
    ['nowhere', 'engine-unknown'],
  ] as const) {
    const refused = await command(world, 'rollout', name, '--apps', 'quiet')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, new RegExp(code))
  }
  assert.deepEqual(enginesOf(await asking.stop()), [onOwn])
  assert.equal(world.runners('quiet'), 1)
})

/** Code of a process that asks for work as a runner does, and then does something else. */
const claims = (version: string, then: string): string => `
  const { request } = await import('node:http')
  const { createInterface } = await import('node:readline')
  createInterface({ input: process.stdin }).once('line', (line) => {
    const { socket, token } = JSON.parse(line)
    const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' }
    const call = request({ socketPath: socket, path: '/v1/claim', method: 'POST', headers }, (answer) => {
      answer.resume()
      ${then}
    })
    call.end(JSON.stringify({ version: '${version}', protocol: 1 }))
  })`

for (const [what, work, reason] of [
  ['ends at once', 'process.exit(3)', /exit code 3/],
  ['takes work and dies of it', claims('2.0.0', "process.kill(process.pid, 'SIGKILL')"), /signal SIGKILL/],
  ['takes work and hangs', claims('2.0.0', 'setInterval(() => undefined, 1000)'), /no sign of life/],
  ['is not what it said', claims('7.0.0', ''), /it says that it is version 7\.0\.0, protocol 1/],
] as const)
  test(`a build whose process ${what} hits those on the list only: they go back by themselves, and every request is answered`, async (t) => {
    const { engines, start, command, list } = await startServed(t, ['quiet', 'shop'])
    writeEngine(join(engines, 'broken'), '2.0.0', work)
    const world = await start()
    const users = [keepAsking(world, 'quiet'), keepAsking(world, 'shop')]
    await until('a first answer', async () =>
      (await world.answer('shop'))?.state === 'completed' ? true : undefined,
    )
    assert.equal((await command(world, 'rollout', 'broken', '--apps', 'shop')).code, 0)
    const gone = await until('that it goes back', async () => (await list(world)).setAside[0])
    assert.equal(`${gone.application} ${gone.code}`, 'shop engine-crashes', gone.message)
    assert.match(gone.message, reason)
    assert.equal(await world.metric('bulkhead_application_set_aside{application="shop"}'), 1)
    assert.match(world.log(), /"shop\\" is taken from the engine/)
    assert.deepEqual(enginesOf([await world.answer('shop')]), [onOwn])
    const [quiet = [], shop = []] = await Promise.all(users.map((user) => user.stop()))
    assert.deepEqual(enginesOf(quiet), [onOwn])
    assert.deepEqual(enginesOf(shop), [onOwn])
    assert.equal(world.runners('quiet'), 1)
    // somebody decides: it is told no more
    assert.equal((await command(world, 'rollout', '--back', '--apps', 'shop')).code, 0)
    assert.deepEqual((await list(world)).setAside, [])
  })

test('an engine whose folder is gone after a restart leaves its applications on the own one, with the reason', async (t) => {
  const { engines, start, command, list } = await startServed(t, ['shop'])
  rmSync(join(engines, next))
  cpSync(built, join(engines, 'copy'), { recursive: true, verbatimSymlinks: true })
  let world = await start()
  assert.equal((await command(world, 'rollout', 'copy', '--all')).code, 0)
  assert.deepEqual(enginesOf([await world.answer('shop')]), [`copy ${next}`])
  await world.stop()
  world = await start()
  assert.deepEqual(enginesOf([await world.answer('shop')]), [`copy ${next}`])
  await world.stop()
  rmSync(join(engines, 'copy'), { recursive: true })
  world = await start()
  assert.deepEqual(enginesOf([await world.answer('shop')]), [onOwn])
  const { setAside } = await list(world)
  assert.deepEqual(
    setAside.map(({ application, code }) => `${application} ${code}`),
    ['shop engine-unknown'],
  )
})
