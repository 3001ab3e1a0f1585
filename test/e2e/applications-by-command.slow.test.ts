/** Applications that are brought, removed and told of by commands, as somebody does who runs a server for many teams. D5. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { bulkhead, type Ended, json, temporaryFolder } from './command.ts'
import { startWorld, type World, writeShop } from './shop-world.ts'
import { until } from './until.ts'

interface Changed {
  readonly items: readonly { readonly application: string; readonly is: string; readonly number: number }[]
}

interface Planned {
  readonly hash: string
  readonly applications: readonly { readonly application: string; readonly action: string }[]
}

interface History {
  readonly items: readonly {
    readonly type: string
    readonly actor: string
    readonly at: string
    readonly data: {
      readonly number?: number
      readonly digest?: string
      readonly before?: number
      readonly changed?: readonly string[]
    }
  }[]
}

async function serve(
  t: TestContext,
  ...names: readonly string[]
): Promise<{
  readonly folder: string
  readonly world: World
  readonly ask: (...args: readonly string[]) => Promise<Ended>
}> {
  const folder = temporaryFolder(t)
  for (const name of names) await writeShop(join(folder, 'apps', name), name, 'one')
  const world = await startWorld(t, folder)
  const ask = (...args: readonly string[]): Promise<Ended> =>
    bulkhead([...args, '--json'], { environment: { BULKHEAD_SERVER: world.url } })
  return { folder, world, ask }
}

const done = (ended: Ended): readonly string[] => {
  assert.equal(ended.code, 0, ended.stderr)
  return json<Changed>(ended).items.map(({ application, is, number }) => `${application} ${is} ${number}`)
}

test('a bundle is made once, planned, and applied as it is to every server; what it says of itself is held to it', async (t) => {
  const { folder, world, ask } = await serve(t, 'shop')
  const other = await serve(t, 'elsewhere')
  const next = join(folder, 'next')
  await writeShop(join(next, 'shop'), 'shop', 'two')
  await writeShop(join(next, 'added'), 'added', 'new')
  const file = join(folder, 'change.json')
  const made = await ask('bundle', next, '--out', file)
  assert.equal(made.code, 0, made.stderr)
  const revisions = json<{ items: { application: string; revision: string }[] }>(made).items
  assert.deepEqual(
    revisions.map(({ application }) => application),
    ['added', 'shop'],
  )
  // the same folder is the same file
  await ask('bundle', next, '--out', `${file}.again`)
  assert.equal(readFileSync(`${file}.again`, 'utf8'), readFileSync(file, 'utf8'))

  const planned = json<Planned>(await ask('plan', '--apps', file, '--server'))
  assert.deepEqual(
    planned.applications.map(({ application, action }) => `${application} ${action}`),
    ['added add', 'shop change'],
  )
  assert.deepEqual(done(await ask('apply', file, '--plan-hash', planned.hash)), [
    'added applied 1',
    'shop applied 2',
  ])
  assert.match((await ask('apply', file, '--plan-hash', planned.hash)).stderr, /plan-stale/)
  // its relative paths start in the state folder: what lies there is read, and results are written and linked
  cpSync(join(next, 'added/in'), join(folder, 'state/bulkhead/applications/added/in'), { recursive: true })
  const answered = await world.answer('added')
  assert.equal(answered?.state, 'completed', JSON.stringify(answered))
  assert.deepEqual(done(await other.ask('apply', file)), ['added applied 1', 'shop applied 1'])
  for (const { application, revision } of revisions)
    for (const one of [world, other.world]) assert.equal((await one.view(application))?.revision, revision)

  const content = JSON.parse(readFileSync(file, 'utf8')) as { bundles: { files: Record<string, string> }[] }
  const [first] = content.bundles
  if (first !== undefined) first.files['application.yaml'] = ''
  writeFileSync(file, JSON.stringify(content))
  const forged = await ask('apply', file)
  assert.equal(forged.code, 2)
  assert.match(forged.stderr, /not what its digest says/)
  writeFileSync(file, '{}')
  for (const args of [
    [file],
    [file, '-e', 'production'],
    [],
    ['--application', 'shop'],
    [join(folder, 'none')],
  ])
    assert.equal((await ask('apply', ...args)).code, 2, args.join(' '))
})

test('an application is removed while runs of it wait: they are answered, it takes no more, its revisions stay, and it comes back', async (t) => {
  const { folder, world, ask } = await serve(t, 'quiet')
  const gate = join(folder, 'go')
  const slow = `import { existsSync } from 'node:fs'
export default async (row) => {
  while (!existsSync(${JSON.stringify(gate)})) await new Promise((next) => setTimeout(next, 20))
  return row
}
`
  // by a call, and not by the folder, which would bring it again; its data lie where they are
  const write = async (description: string): Promise<void> => {
    const next = join(folder, 'next')
    await writeShop(next, 'slow', description, slow)
    const manifest = join(next, 'application.yaml')
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replaceAll('"./', `"${next}/`).replaceAll(`${next}/map.ts`, './map.ts'),
    )
  }
  await write('one')
  done(await ask('apply', join(folder, 'next')))
  const runs = await Promise.all(Array.from({ length: 6 }, () => world.ask('slow')))
  const planned = json<Planned>(await ask('applications', 'remove', 'slow', '--plan'))
  assert.deepEqual(
    planned.applications.map(({ application, action }) => `${application} ${action}`),
    ['slow remove'],
  )
  await write('two')
  done(await ask('apply', join(folder, 'next')))
  const stale = await ask('applications', 'remove', 'slow', '--plan-hash', planned.hash)
  assert.equal(stale.code, 2)
  assert.match(stale.stderr, /plan-stale/)
  assert.ok(await world.view('slow'))

  const again = json<Planned>(await ask('applications', 'remove', 'slow', '--plan'))
  assert.deepEqual(done(await ask('applications', 'remove', 'slow', '--plan-hash', again.hash)), [
    'slow removed 2',
  ])
  assert.equal(await world.ask('slow'), undefined)
  assert.deepEqual(done(await ask('applications', 'remove', 'slow')), ['slow unchanged 2'])
  const unknown = await ask('applications', 'remove', 'slow', 'nobody')
  assert.match(unknown.stderr, /application-unknown/)

  writeFileSync(gate, '')
  for (const runId of runs) {
    const run = await world.ended(runId ?? '')
    assert.equal(run.state, 'completed', JSON.stringify(run))
  }
  assert.equal((await world.answer('quiet'))?.state, 'completed')
  const { items } = json<{ items: { number: number; isCurrent: boolean }[] }>(
    await ask('applications', 'revisions', 'slow'),
  )
  assert.deepEqual(
    items.map(({ number, isCurrent }) => `${number} ${isCurrent}`),
    ['2 false', '1 false'],
  )
  assert.deepEqual(done(await ask('apply', '--application', 'slow', '--revision', '1')), ['slow applied 1'])
  assert.equal((await world.answer('slow'))?.state, 'completed')
})

test('one change brings one application and removes another, both or neither; the history says who, when, which and what', async (t) => {
  const { folder, world, ask } = await serve(t, 'old', 'shop')
  const next = join(folder, 'next')
  await writeShop(join(next, 'shop'), 'shop', 'two', 'export default (row) => row // two\n')
  const change = ['--remove', 'old'] as const
  const planned = json<Planned>(await ask('plan', '--apps', next, '--server', '--remove', 'old'))
  assert.deepEqual(
    planned.applications.map(({ application, action }) => `${application} ${action}`),
    ['old remove', 'shop change'],
  )
  // meanwhile a folder changes one of the two: neither is done
  await world.write('old', 'meanwhile')
  await until('that it was changed', async () => ((await world.view('old'))?.number === 2 ? true : undefined))
  assert.match((await ask('apply', next, ...change, '--plan-hash', planned.hash)).stderr, /plan-stale/)
  assert.equal((await world.view('shop'))?.number, 1)
  const now = json<Planned>(await ask('plan', '--apps', next, '--server', '--remove', 'old'))
  assert.deepEqual(done(await ask('apply', next, ...change, '--plan-hash', now.hash)), [
    'shop applied 2',
    'old removed 2',
  ])
  assert.match((await ask('apply', next, '--remove', 'shop')).stderr, /twice/)
  done(await ask('apply', '--application', 'shop', '--revision', '1'))

  const { items } = json<History>(await ask('applications', 'history', 'shop'))
  const changed = ['description', 'files/map.ts', 'isolation', 'jobs']
  assert.deepEqual(
    items.map(({ type, actor, data }) => `${type} ${actor} ${data.before ?? ''}>${data.number}`),
    [
      'revision-applied token:anonymous 2>1',
      'revision-applied token:anonymous 1>2',
      'revision-applied folder >1',
    ].map((line) => line.replaceAll('token:anonymous', items[0]?.actor ?? '')),
  )
  for (const { data } of items.slice(0, 2))
    for (const part of changed)
      assert.ok(
        data.changed?.some((place) => place.replace(/^spec\./, '').startsWith(part)),
        `${part} in ${data.changed?.join()}`,
      )
  assert.ok(items.every(({ at, data }) => Date.parse(at) > 0 && /^[0-9a-f]{64}$/.test(data.digest ?? '')))
  const text = await bulkhead(['applications', 'history', 'old'], {
    environment: { BULKHEAD_SERVER: world.url },
  })
  assert.match(text.stdout, /application-removed +2 +[0-9a-f]{12}\n[\s\S]*revision-applied +2 .*description/)
  assert.match((await ask('applications', 'history', 'nobody')).stderr, /application-unknown/)
})
