/**
 * A server is killed at each instant of a roll-out, and of an apply of several applications, while they are used: what was asked is whole
 * or not there, told once each, and every request has one answer. P5, D5.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type ChangeMoment, changeMoments } from '@bulkhead/engine/observe/moments'
import { buildEngine } from '../../scripts/build/build-engine.ts'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, checkout, type Ended, temporaryFolder } from './command.ts'
import { type StartedServer, startServer } from './start-server.ts'
import { until } from './until.ts'

const next = '1.1.0'
const named = ['shop', 'store']
const all = ['quiet', ...named]

export interface KilledWorld {
  readonly folder: string
  /** Whose turn it is to be asked: all that are up. */
  urls(): readonly string[]
  /** Asks for a change of a server that dies at an instant of it, and starts it again. @param seen before it is back */
  killAt(
    moment: ChangeMoment,
    change: (url: string) => Promise<Ended>,
    seen: () => Promise<void>,
  ): Promise<void>
}

/**
 * @param servers  variables of each; the first one is killed
 */
export async function startKilledWorld(
  t: TestContext,
  servers: readonly Readonly<Record<string, string>>[],
): Promise<KilledWorld> {
  const folder = temporaryFolder(t)
  const orders = join(folder, 'orders')
  for (const name of ['orders', 'engines']) mkdirSync(join(folder, name))
  await buildEngine(checkout, join(folder, 'engines', next), next)
  for (const name of all) await writeRevision(folder, 'apps', name, 'first')
  const agent = pathToFileURL(join(checkout, 'test/chaos/kill-agent.ts'))
  agent.searchParams.set('orders', orders)
  agent.searchParams.set('moments', changeMoments.join(','))
  const start = (index: number): Promise<StartedServer> =>
    startServer(t, join(folder, 'apps'), {
      folder,
      lastSignal: 'SIGKILL',
      environment: {
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_ENGINES: join(folder, 'engines'),
        BULKHEAD_PLATFORM__RUNNERS__LEASE: 'PT2S',
        BULKHEAD_PLATFORM__RUNNERS__SILENCE: 'PT30S',
        BULKHEAD_PLATFORM__RUNNERS__ATTEMPTS: '20',
        XDG_STATE_HOME: join(folder, `state-${index}`),
        ...servers[index],
        ...(index === 0 && { NODE_OPTIONS: `--import=${agent.href}` }),
      },
    })
  const up: (StartedServer | undefined)[] = []
  for (const index of servers.keys()) up.push(await start(index))
  return {
    folder,
    urls: () => up.flatMap((server) => server?.url ?? []),
    async killAt(moment, change, seen) {
      const [victim] = up
      assert.ok(victim)
      writeFileSync(join(orders, `${moment}.order`), JSON.stringify({ id: 1, act: 'SIGKILL' }))
      const changed = change(victim.url)
      const { signal } = await victim.ended
      assert.equal(signal, 'SIGKILL', moment)
      up[0] = undefined
      assert.notEqual((await changed).code, 0, `whoever asked is not told that it is done: ${moment}`)
      await seen()
      up[0] = await start(0)
    },
  }
}

async function writeRevision(
  folder: string,
  below: string,
  name: string,
  description: string,
): Promise<void> {
  const spec = {
    description,
    connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    jobs: {
      rows: {
        source: { connection: 'inbox', query: { path: 'rows.csv', format: { type: 'delimited' } } },
        output: { format: 'csv' },
      },
    },
    replies: { kept: { file: { folder: join(folder, 'replies', name) } } },
  }
  await writeApplication(join(folder, below, name), name, spec, { 'in/rows.csv': 'id,name\n1,a\n2,b\n' })
}

/** Somebody who asks all the while, and asks again for the same when nobody answered. */
function keepAsking(world: KilledWorld, name: string): { stop(): Promise<readonly string[]> } {
  let isOver = false
  const asking = (async () => {
    const keys: string[] = []
    while (!isOver) {
      const key = `${name}-${keys.length}`
      keys.push(key)
      await until(`that ${key} is accepted`, () => ask(world, name, key, keys.length))
      await sleep(100)
    }
    return keys
  })()
  return {
    stop() {
      isOver = true
      return asking
    },
  }
}

async function ask(world: KilledWorld, name: string, key: string, turn: number): Promise<string | undefined> {
  const urls = world.urls()
  const url = urls[turn % urls.length]
  if (url === undefined) return undefined
  try {
    const response = await fetch(`${url}/api/v1/applications/${name}/jobs/rows/runs`, {
      method: 'POST',
      headers: { 'Idempotency-Key': `"${key}"` },
    })
    if (!response.ok) assert.ok(response.status >= 500, await response.text())
    return response.ok ? ((await response.json()) as { readonly runId: string }).runId : undefined
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return undefined
  }
}

interface Reply {
  readonly data: { readonly requestId: string; readonly status: string }
}

function repliesOf(world: KilledWorld, name: string): readonly Reply[] {
  const folder = join(world.folder, 'replies', name)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Reply)
}

async function get<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`)
  assert.equal(response.status, 200, path)
  return (await response.json()) as T
}

/** What each of those named is on, by all servers that are up. */
async function engines(world: KilledWorld): Promise<readonly (readonly string[])[]> {
  return await Promise.all(
    world.urls().map(async (url) => {
      const { items } = await get<{ items: { name: string; applications: string[] }[] }>(url, '/engines')
      return named.map((one) => items.find(({ applications }) => applications.includes(one))?.name ?? '')
    }),
  )
}

async function descriptions(world: KilledWorld): Promise<readonly (readonly string[])[]> {
  return await Promise.all(
    world.urls().map(async (url) => {
      const { items } = await get<{ items: { name: string; description: string }[] }>(url, '/applications')
      return named.map((one) => items.find(({ name }) => name === one)?.description ?? '')
    }),
  )
}

/** How often each was told of something. */
async function told(world: KilledWorld, type: string, names: readonly string[]): Promise<readonly number[]> {
  return await Promise.all(
    names.map(async (name) => {
      const path = `/applications/${name}/history?limit=100`
      const { items } = await get<{ items: { type: string }[] }>(world.urls()[0] ?? '', path)
      return items.filter((event) => event.type === type).length
    }),
  )
}

interface Change {
  readonly event: string
  /** How often it was told when nobody had changed anything. */
  readonly before: number
  readonly ask: (url: string, wanted: string) => Promise<Ended>
  /** As each server that is up tells it of those named. */
  readonly look: () => Promise<readonly (readonly string[])[]>
  /** What it is, what it shall be, and so on. */
  readonly values: readonly string[]
}

/** Kills a server at each instant of a change, asks again for what is not there then, and looks at what was told. */
async function changeAndKill(world: KilledWorld, change: Change): Promise<void> {
  const { event, before, ask: askFor, look, values } = change
  for (const [index, moment] of changeMoments.entries()) {
    const [was = '', wanted = ''] = values.slice(index)
    const expected = moment === 'after-change' ? wanted : was
    // a half is never seen, by no server; one whose neighbour died before it could tell finds it out by itself
    const isWhole = async (): Promise<void> => {
      await until(`${wanted} or not: ${expected}`, async () => {
        const seen = await look()
        for (const one of seen) assert.equal(new Set(one).size, 1, `${event} ${moment}: ${one.join()}`)
        return seen.every(([one]) => one === expected) ? true : undefined
      })
    }
    await world.killAt(
      moment,
      (url) => askFor(url, wanted),
      async () => {
        if (world.urls().length > 0) await isWhole()
      },
    )
    await isWhole()
    const times = before + index + (moment === 'after-change' ? 1 : 0)
    assert.deepEqual(await told(world, event, named), [times, times], moment)
    // whoever asked knows nothing, and asks again
    const again = await askFor(world.urls()[0] ?? '', wanted)
    assert.equal(again.code, 0, again.stderr)
    assert.deepEqual(await told(world, event, named), [before + index + 1, before + index + 1], moment)
    assert.deepEqual(await told(world, event, ['quiet']), [before], 'nobody else moves')
  }
}

const command = (url: string, ...args: readonly string[]): Promise<Ended> =>
  bulkhead([...args, '--json'], { environment: { BULKHEAD_SERVER: url } })

/** A roll-out that is killed at each of its instants. */
export async function killInRollOuts(world: KilledWorld): Promise<void> {
  await changeAndKill(world, {
    event: 'engine-set',
    before: 0,
    ask: (url, engine) => command(url, 'engines', 'rollout', engine, '--apps', ...named),
    look: () => engines(world),
    values: ['built-in', next, 'built-in', next],
  })
}

/** An apply of several applications that is killed at each of its instants. */
export async function killInApplies(world: KilledWorld): Promise<void> {
  await changeAndKill(world, {
    event: 'revision-applied',
    before: 1,
    async ask(url, description) {
      for (const name of named) await writeRevision(world.folder, description, name, description)
      return await command(url, 'apply', join(world.folder, description))
    },
    look: () => descriptions(world),
    values: ['first', 'second', 'third', 'fourth'],
  })
}

/** Does something while all applications are used; afterwards each request has exactly one answer. */
export async function whileUsed(world: KilledWorld, work: () => Promise<void>): Promise<void> {
  const users = all.map((name) => [name, keepAsking(world, name)] as const)
  try {
    await work()
  } finally {
    await Promise.allSettled(users.map(([, user]) => user.stop())) // what they say comes behind what the work says
  }
  for (const [name, user] of users) {
    const keys = await user.stop()
    assert.ok(keys.length > 6, `${name} was used all the while: ${keys.length}`)
    const replies = await until(`the answers of ${name}`, () => {
      const found = repliesOf(world, name)
      return new Set(found.map(({ data }) => data.requestId)).size === keys.length ? found : undefined
    })
    assert.deepEqual(
      replies.map(({ data }) => `${data.requestId} ${data.status}`).toSorted(),
      keys.map((key) => `${key} completed`).toSorted(),
    )
  }
}
