/** A server's dispatch over a real repository, with real runner processes: all but triggers and replies. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Log } from '@bulkhead/connector-sdk'
import { platformSchema } from '@bulkhead/contract'
import { makeBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { runIdOf } from '@bulkhead/engine/job/run-id'
import { isFinal } from '@bulkhead/engine/job/run-state'
import { grantLinks } from '@bulkhead/engine/links/grant-links'
import { requestDigest } from '@bulkhead/engine/plan/identity'
import { type ApplicationSpec, writeApplication } from '../../../../test/support/application-folder.ts'
import { openRepository } from '../repository/open-repository.ts'
import type { Lane } from '../repository/lane.ts'
import type { Repository, RunRecord } from '../repository/repository.ts'
import { createRunners, type RunnersOptions } from './create-runners.ts'
import { builtInEngine } from '../engines/engine.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { Runners } from './runners.ts'

const root = resolve(import.meta.dirname, '../../../..')
export const ownEngine = builtInEngine(join(root, 'apps/runner/src/connected/main.ts'))
const ownEngineOnly: RunnersOptions['engines'] = {
  of: () => ownEngine,
  mayClaim: () => true,
  failed: () => false,
  works: () => undefined,
}

export interface TestApplication {
  readonly name: string
  readonly spec: ApplicationSpec & { readonly isolation?: string }
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: string
}

export interface TestDispatch {
  readonly folder: string
  readonly repository: Repository
  readonly runners: Runners
  readonly logged: string[]
  /** What was said not to start, each time: application and reason. */
  readonly crashed: readonly string[]
  /** Another server over the same repository. */
  another(server: string): Promise<Runners>
  /** Keeps a request as intake does. @returns the run's id */
  accept(application: string, request: Readonly<Record<string, unknown>>, lane?: Lane): Promise<string>
  /** Waits until the run is over. */
  ended(runId: string, withinMs?: number): Promise<RunRecord>
  /** Waits until something holds. */
  until<T>(look: () => Promise<T | undefined> | T | undefined, what: string, withinMs?: number): Promise<T>
  /** Files of the application's store, below its folder. */
  stored(application: string): Promise<readonly string[]>
}

/** Anything whose end can be waited for: a test's context. */
interface Scope {
  after(action: () => void | Promise<void>): void
}

export async function startDispatch(
  scope: Scope,
  applications: readonly TestApplication[],
  options: {
    readonly runners?: Readonly<Record<string, unknown>>
    readonly logLevel?: RunnersOptions['logLevel']
    readonly weights?: Readonly<Record<string, number>>
    readonly systems?: Readonly<Record<string, object>>
    readonly environment?: (folder: string) => Readonly<Record<string, string>>
    readonly engines?: RunnersOptions['engines']
  } = {},
): Promise<TestDispatch> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-dispatch-'))
  const stateFolder = join(folder, 'state')
  await mkdir(stateFolder, { mode: 0o700 })
  const logged: string[] = []
  const crashed: string[] = []
  const repository = await openRepository(
    { sqlite: {} },
    { stateFolder, memoryMs: 86_400_000, log: (level, message) => void logged.push(`${level} ${message}`) },
  )
  const served = new Map<string, ServedApplication>()
  for (const application of applications)
    served.set(application.name, await serve(folder, application, options.environment?.(folder) ?? {}))
  const catalog = await readCatalog([join(root, 'connectors')])
  const tell = (message: string, details?: unknown): void => {
    logged.push(`${message} ${JSON.stringify(details)}`)
  }
  const log: Log = { debug: tell, info: tell, warn: tell }
  const { spec } = platformSchema.parse({
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: {
      runners: { lease: 'PT2S', silence: 'PT2S', stopGrace: 'PT2S', ...options.runners },
      applications: { weights: options.weights ?? {} },
      systems: options.systems ?? {},
    },
  })
  const all: RunnersOptions['applications'] = {
    get: (name) => served.get(name),
    revision: async (name, revision) => {
      const one = served.get(name)
      return one?.revision === revision ? one : undefined
    },
    working: () => [...served.values()],
    async crashed({ application }, reason) {
      crashed.push(`${application.name}: ${reason}`)
    },
  }
  const runnersOptions = (server: string): RunnersOptions => ({
    repository,
    server,
    applications: all,
    catalog,
    runners: spec.runners,
    weights: spec.applications.weights,
    systems: spec.systems,
    logLevel: options.logLevel ?? 'debug',
    connectorRoots: [join(root, 'connectors')],
    foreignRoots: [],
    engines: options.engines ?? ownEngineOnly,
    stateFolder,
    environment: {
      PATH: process.env['PATH'],
      HOME: folder,
      BULKHEAD_SECRET__SHOP__DB: 'hunter2-hunter2',
      BULKHEAD_SECRET__OTHER__DB: 'hunter3-hunter3',
      ...options.environment?.(folder),
    },
    log,
    grantLinks: (application, folders) =>
      grantLinks({ stateFolder, application, folders, baseUrl: 'http://127.0.0.1:1' }).then((grant) => ({
        ...grant,
        folders: [...grant.folders],
      })),
  })
  const started: Runners[] = []
  const another = async (server: string): Promise<Runners> => {
    const runners = await createRunners(runnersOptions(server))
    started.push(runners)
    return runners
  }
  const runners = await another('a')
  scope.after(async () => {
    for (const one of started) await one[Symbol.asyncDispose]()
    await repository[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  async function until<T>(
    look: () => Promise<T | undefined> | T | undefined,
    what: string,
    withinMs = 15_000,
  ): Promise<T> {
    const endMs = performance.now() + withinMs
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (performance.now() > endMs) assert.fail(`${what} did not happen:\n${logged.slice(-30).join('\n')}`)
      await sleep(5)
    }
  }

  return {
    folder,
    repository,
    runners,
    logged,
    crashed,
    another,
    async accept(application, request, lane) {
      const requestId = randomBytes(6).toString('hex')
      const one = served.get(application)
      assert.ok(one)
      const runId = runIdOf(Date.now(), randomBytes(10))
      const body = JSON.stringify({ requestId, ...request })
      const accepted = await repository.accept({
        digest: requestDigest(application, '', requestId),
        contentDigest: createHash('sha256').update(body).digest('hex'),
        application,
        source: '',
        requestId,
        runId,
        job: typeof request['job'] === 'string' ? request['job'] : undefined,
        revision: one.revision,
        body,
        context: undefined,
        actor: 'test',
        madeAtMs: undefined,
        validUntilMs: undefined,
        destinations: { outcome: [], accepted: [], progress: [] },
        traceparent: undefined,
        ...(lane !== undefined && { lane }),
      })
      assert.equal(accepted.is, 'new')
      return runId
    },
    ended: (runId, withinMs) =>
      until(
        async () => {
          const run = await repository.run(runId)
          return run !== undefined && isFinal(run.state) ? run : undefined
        },
        `The end of run ${runId}`,
        withinMs,
      ),
    until,
    stored: async (application) => {
      const entries = await until(async () => {
        const out = join(folder, application, 'out')
        if (!existsSync(out)) return []
        // a folder that a runner removes meanwhile makes the whole walk fail
        return await readdir(out, { recursive: true, withFileTypes: true }).catch(() => undefined)
      }, 'A look at the store')
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    },
  }
}

async function serve(
  folder: string,
  { name, spec, files, environment }: TestApplication,
  variables: Readonly<Record<string, string>>,
): Promise<ServedApplication> {
  const path = await writeApplication(join(folder, name), name, spec, files)
  const application = await readApplication(path, { variables, environment })
  const bundle = await makeBundle(application)
  const destinations = { outcome: [], accepted: [], progress: [] }
  return { application, bundle, revision: bundle.digest, baseFolder: path, destinations }
}

/**
 * An application that reads `in/rows.csv` and has a job for each map that it is given.
 * @param maps  bodies of `export default (row) => ...` by name of their job
 */
export function rowsApplication(
  name: string,
  maps: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
  rows = 100,
): TestApplication {
  const source = { connection: 'inbox', query: { path: 'rows.csv', format: { type: 'delimited' } } }
  const output = { format: 'csv', fileName: 'rows' }
  const jobs = Object.fromEntries(
    Object.keys(maps).map((job) => [job, { source, output, process: [{ map: `${job}.ts` }] }]),
  )
  return {
    name,
    spec: {
      connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: { plain: { source, output }, ...jobs },
      ...more,
    },
    files: {
      'in/rows.csv': `id,name\n${Array.from({ length: rows }, (_, row) => `${row},name ${row}\n`).join('')}`,
      ...Object.fromEntries(Object.entries(maps).map(([job, code]) => [`${job}.ts`, code])),
    },
  }
}

/**
 * Code of a map that says it is at work, and goes on when it is told to, so that a test can freeze it where it likes: it
 * writes its process id to `$WAIT_FOLDER/begun`, and waits for `$WAIT_FOLDER/go`.
 * @param where  at which row, as an expression
 */
export function waitingCode(where: string): string {
  return `
import { appendFileSync, existsSync } from 'node:fs'
const folder = process.env.WAIT_FOLDER
let told = false
export default async (row) => {
  if (!(${where})) return row
  if (!told) appendFileSync(folder + '/begun', process.pid + '\\n')
  told = true
  while (!existsSync(folder + '/go')) await new Promise((next) => setTimeout(next, 10))
  return row
}`
}
