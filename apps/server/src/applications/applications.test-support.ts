/** Applications of a folder over a real repository, looked at so often that a test need not wait. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { writeApplication } from '../../../../test/support/application-folder.ts'
import { openRepository } from '../repository/open-repository.ts'
import type { Repository } from '../repository/repository.ts'
import { type Applications, openApplications } from './applications.ts'

let catalog: Promise<Catalog> | undefined

export interface World {
  readonly folder: string
  readonly apps: string
  readonly repository: Repository
  readonly logged: string[]
  /** Starts to follow the folder, as a server does that is started. */
  start(options?: StartOptions): Promise<Applications>
  /** Waits for what has to come. */
  until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T>
  /** Until a change was taken that came after what a test did; its folder is the last one that is looked at. */
  aFewLooks(applications: Applications): Promise<void>
}

export interface StartOptions {
  readonly apps?: string
  readonly state?: string
  readonly environment?: string
  readonly repository?: Repository
}

const everyMs = 20

interface Scope {
  after(action: () => void | Promise<void>): void
}

/** @param given  its repository; without one SQLite, in the folder */
export async function openWorld(scope: Scope, given?: Repository): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-applications-'))
  catalog ??= readCatalog([join(import.meta.dirname, '../../../../connectors')])
  const installed = await catalog
  const repository =
    given ??
    (await openRepository(
      { sqlite: { path: join(folder, 'repository.sqlite') } },
      { stateFolder: folder, memoryMs: 86_400_000, log: () => undefined },
    ))
  const logged: string[] = []
  const tell = (message: string): void => void logged.push(message)
  const started: Applications[] = []
  scope.after(async () => {
    for (const one of started) await one[Symbol.asyncDispose]()
    if (given === undefined) await repository[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  const apps = join(folder, 'apps')
  let witnesses = 0
  const until: World['until'] = async (what, look) => {
    for (const end = performance.now() + 20_000; ;) {
      const found = await look()
      if (found !== undefined) return found
      if (performance.now() > end) assert.fail(`${what} did not come:\n${logged.join('\n')}`)
      await sleep(5)
    }
  }
  return {
    folder,
    apps,
    repository,
    logged,
    until,
    async start(options = {}) {
      const applications = await openApplications({
        folder: options.apps ?? apps,
        environment: options.environment,
        variables: {},
        stateFolder: join(folder, options.state ?? 'state'),
        catalog: installed,
        repository: options.repository ?? repository,
        log: { debug: tell, info: tell, warn: tell },
        everyMs,
      })
      started.push(applications)
      applications.start()
      return applications
    },
    async aFewLooks(applications) {
      const description = `witness ${++witnesses}`
      await writeShop(join(apps, 'zz-witness'), 'witness', description)
      await until(description, () => served(applications)['witness'] === description || undefined)
    },
  }
}

/** An application with one job, and a description to tell revisions by. */
export async function writeShop(folder: string, name: string, description: string): Promise<void> {
  await writeApplication(
    folder,
    name,
    {
      description,
      connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: {
        rows: {
          source: { connection: 'inbox', query: { path: 'rows.csv', format: { type: 'delimited' } } },
          process: [{ map: './map.ts' }],
          output: { format: 'csv' },
        },
      },
    } as object,
    { 'map.ts': `// ${description}\nexport default (row) => row\n` },
  )
}

/** Descriptions of what is served, by name. */
export function served(applications: Applications): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    applications.list().map(({ application: { name, manifest } }) => [name, manifest.spec.description]),
  )
}

/** Waits until an application is served as it says. */
export async function untilServed(
  world: World,
  applications: Applications,
  name: string,
  description: string | undefined,
): Promise<void> {
  await world.until(
    `${name} as ${description}`,
    () => served(applications)[name] === description || undefined,
  )
}

/** @param ofSecond  what the second server has of the repository of the first */
export async function serveTheSame(world: World, ofSecond: Repository): Promise<void> {
  await writeShop(join(world.apps, 'a'), 'a', 'one')
  const empty = join(world.folder, 'empty')
  await mkdir(empty)
  const first = await world.start()
  const second = await world.start({ apps: empty, state: 'state-2', repository: ofSecond })
  assert.deepEqual(served(second), { a: 'one' })
  await writeShop(join(world.apps, 'a'), 'a', 'two')
  await writeShop(join(world.apps, 'b'), 'b', 'new')
  for (const one of [first, second]) {
    await untilServed(world, one, 'a', 'two')
    await untilServed(world, one, 'b', 'new')
  }
  await second.makeCurrent('a', 1, { actor: 'token:ann' })
  await untilServed(world, first, 'a', 'one')
  await rm(join(world.apps, 'b'), { recursive: true })
  for (const one of [first, second]) await untilServed(world, one, 'b', undefined)
}
