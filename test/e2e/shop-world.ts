/** Small applications on a server, which is a process as its users start it; and somebody who uses them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from './start-server.ts'
import { writeApplication } from '../support/application-folder.ts'
import { until } from './until.ts'

export interface ApplicationView {
  readonly name: string
  readonly revision: string
  readonly number: number
}

interface ApplicationList {
  readonly items: readonly ApplicationView[]
  readonly setAside: readonly { readonly name?: string; readonly code: string; readonly number?: number }[]
}

export interface Run {
  readonly runId: string
  readonly state: string
  readonly revision: string
  readonly engine?: string
  readonly reply?: { readonly result?: { readonly rows: number }; readonly error?: { readonly code: string } }
}

export interface World {
  readonly folder: string
  readonly url: string
  list(): Promise<ApplicationList>
  view(name: string): Promise<ApplicationView | undefined>
  /** Starts a run. @returns undefined when there is no such application */
  ask(name: string): Promise<string | undefined>
  ended(runId: string): Promise<Run>
  answer(name: string): Promise<Run | undefined>
  metric(name: string): Promise<number | undefined>
  /** Processes that were started for it so far. */
  runners(name: string): number
  /** Its log so far. */
  log(): string
  /** Writes an application, or its next revision. */
  write(name: string, description: string, code?: string): Promise<void>
  stop(): Promise<void>
}

const plain = 'export default (row) => row\n'

export async function startWorld(
  t: TestContext,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<World> {
  const server = await startServer(t, join(folder, 'apps'), {
    folder,
    environment: { BULKHEAD_ALLOW_LOOPBACK: '1', ...more },
  })
  const base = server.url
  const url = `${base}/api/v1`
  const get = async <T>(path: string): Promise<T | undefined> => {
    const response = await fetch(`${url}${path}`)
    return response.ok ? ((await response.json()) as T) : undefined
  }
  const world: World = {
    folder,
    url: base,
    async stop() {
      await server.stop()
    },
    async list() {
      return (await get<ApplicationList>('/applications')) ?? { items: [], setAside: [] }
    },
    view: (name) => get<ApplicationView>(`/applications/${name}`),
    async ask(name) {
      const response = await fetch(`${url}/applications/${name}/jobs/rows/runs`, { method: 'POST' })
      if (response.status === 404) return undefined
      assert.equal(response.status, 202, await response.clone().text())
      return ((await response.json()) as Run).runId
    },
    ended: (runId) =>
      until(`the end of ${runId}`, async () => {
        const run = await get<Run>(`/runs/${runId}`)
        return run === undefined || ['queued', 'running'].includes(run.state) ? undefined : run
      }),
    async answer(name) {
      const runId = await world.ask(name)
      return runId === undefined ? undefined : await world.ended(runId)
    },
    async metric(name) {
      const text = await (await fetch(`${base}/metrics`)).text()
      const line = text.split('\n').find((one) => one.startsWith(name))
      return line === undefined ? undefined : Number(line.split(' ').at(-1))
    },
    runners: (name) =>
      server
        .told()
        .split('\n')
        .filter((line) => line.includes('"A runner is ready"') && line.includes(`"${name}"`)).length,
    log: () => server.told(),
    write: (name, description, code) => writeShop(join(folder, 'apps', name), name, description, code),
  }
  return world
}

export async function writeShop(
  folder: string,
  name: string,
  description: string,
  code = plain,
): Promise<void> {
  const spec = {
    description,
    isolation: code === plain ? undefined : 'run',
    connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    jobs: {
      rows: {
        source: { connection: 'inbox', query: { path: 'rows.csv', format: { type: 'delimited' } } },
        ...(code !== plain && { process: [{ map: './map.ts' }] }),
        output: { format: 'csv' },
      },
    },
  }
  await writeApplication(folder, name, spec as object, {
    'in/rows.csv': 'id,name\n1,a\n2,b\n',
    ...(code !== plain && { 'map.ts': code }),
  })
}

/** Asks again and again, until told to end: what somebody sees who uses an application all the while. */
export function keepAsking(world: World, name: string): { stop(): Promise<readonly (Run | undefined)[]> } {
  let isOver = false
  const asking = (async () => {
    const runs: (Run | undefined)[] = []
    while (!isOver) {
      runs.push(await world.answer(name))
      await sleep(100)
    }
    return runs
  })()
  return {
    stop() {
      isOver = true
      return asking
    },
  }
}
