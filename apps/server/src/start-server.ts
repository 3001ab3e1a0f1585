import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Catalog } from '@bulkhead/engine'
import { parseDuration, type PlatformSpec } from '@bulkhead/contract'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { publishedKeys, sealingKey } from '@bulkhead/engine/keys/public-keys'
import { sealPlainCredentials } from '@bulkhead/engine/keys/seal-plain-credentials'
import { grantLinks } from '@bulkhead/engine/links/grant-links'
import { makePrivateFolder, stateFolder as stateFolderOf } from '@bulkhead/engine/links/state-folder'
import { openProviders } from '@bulkhead/engine/secrets/open-providers'
import { createSecretResolver } from '@bulkhead/engine/secrets/resolve-secrets'
import { createSecretGrants, type SecretGrants } from '@bulkhead/engine/secrets/secret-grants'
import { createApi } from './api/create-api.ts'
import { type HttpTls, openHttpTls } from './api/http-tls.ts'
import { type Applications, openApplications } from './applications/applications.ts'
import { createAuth } from './auth/authenticate.ts'
import { ensureFirstToken } from './auth/first-token.ts'
import { createRunners } from './dispatch/create-runners.ts'
import type { Runners } from './dispatch/runners.ts'
import { chooseEngines, type EngineChoice } from './engines/choose-engines.ts'
import { openEngines } from './engines/engines.ts'
import { createRollouts, type Rollouts } from './engines/roll-out.ts'
import { createIntake } from './intake/create-intake.ts'
import type { Intake, Preparing } from './intake/intake.ts'
import { limitIntake } from './intake/limit-intake.ts'
import { laneOfRun } from './lane-of-run.ts'
import { createHealth } from './observe/health.ts'
import { type Mark, markReplies } from './observe/mark-answers.ts'
import { appliedRevisions } from './observe/applied-revisions.ts'
import { createMetrics } from './observe/metrics.ts'
import { createServerLog, type ServerLog } from './observe/server-log.ts'
import { traceIntake, traceRepository } from './observe/trace-rooms.ts'
import { createTracing, type Tracing } from './observe/tracing.ts'
import { resolveClusters } from '@bulkhead/engine/platform/clusters'
import { readPlatform } from '@bulkhead/engine/platform/read-platform'
import { createReplies } from './reply/create-replies.ts'
import { openRepository } from './repository/open-repository.ts'
import type { Repository } from './repository/repository.ts'
import { keepRetention } from './retention/keep-retention.ts'
import { keepSettling } from './reuse/keep-settling.ts'
import { createTriggers } from './triggers/create-triggers.ts'

export interface ServerOptions {
  /** Absolute; its sub-folders are applications, or it is one itself. */
  readonly applicationsFolder: string
  /** Absolute; undefined: defaults, and variables over them. */
  readonly platformFile: string | undefined
  /** Overlay of the applications that have it. */
  readonly environmentName: string | undefined
  /** Variables of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folders whose sub-folders are connectors, and those of them whose connectors did not come with the platform. */
  readonly connectorRoots: readonly string[]
  readonly foreignRoots: readonly string[]
  /** The file that processes of the server's own engine run. */
  readonly runnerEntry: string
  /** Its sub-folders are other engines; need not be there. Absent: there are none. */
  readonly enginesFolder?: string
  readonly version: string
  /** Of a server that is not the real one; absent: it is. */
  readonly mark?: Mark
  /** Takes one line of the log with its end. */
  readonly write: (line: string) => void
}

export interface Server extends AsyncDisposable {
  /** Bases of the API and of links to local files. */
  readonly url: string
  readonly filesUrl: string
  readonly stateFolder: string
  readonly log: ServerLog
  /** Takes no more requests, lets runs finish and sends their replies for as long as the platform says, hands over the rest. */
  drain(): Promise<void>
}

/** Longer than most tries to send a message take. */
const leastMessageLeaseMs = 10_000

/** What the rooms of a server share. */
interface Core {
  readonly name: string
  readonly spec: PlatformSpec
  readonly stateFolder: string
  readonly log: ServerLog
  readonly catalog: Catalog
  readonly applications: Applications
  readonly repository: Repository
}

/**
 * Starts a server: what it is told is checked first, then what it keeps is opened, and its doors last.
 * @throws BulkheadError of any of its rooms; nothing is left open then
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { environment, mark } = options
  await using stack = new AsyncDisposableStack()
  const spec = await readPlatform(options.platformFile, environment)
  const clusters = await resolveClusters(spec.kafka, environment)
  const stateFolder = stateFolderOf(environment)
  await makePrivateFolder(stateFolder)
  const now = Date.now
  const log = createServerLog({ level: spec.observability.logLevel, write: options.write, now })
  const catalog = await readCatalog(options.connectorRoots)
  const opened = stack.use(
    await openRepository(spec.repository, {
      stateFolder,
      memoryMs: parseDuration(spec.retention.requests),
      environment,
      log: (level, message) => log[level](message),
    }),
  )
  const served: { applications: Pick<Applications, 'list' | 'working' | 'head' | 'setAside'> } = {
    applications: { list: () => [], working: () => [], head: () => undefined, setAside: () => [] },
  }
  const triggerStatus: { list: () => ReturnType<ReturnType<typeof createTriggers>['status']> } = {
    list: () => [],
  }
  const runnerStatus: { list: () => ReturnType<Runners['status']> } = { list: () => [] }
  const engines = stack.use(
    openEngines({ folder: options.enginesFolder, ownEntry: options.runnerEntry, log }),
  )
  const metrics = createMetrics({
    applications: () => served.applications.working().map(({ application }) => application.name),
    revisions: () => appliedRevisions(served.applications),
    repository: opened,
    runners: () => runnerStatus.list(),
    triggers: () => triggerStatus.list(),
    engines: () => engines.list().map(([engine, { is }]) => ({ engine, isUsable: is === 'usable' })),
    now,
  })
  stack.defer(() => metrics.close())
  // a name of its own for every start: what an earlier one held is another's
  const name = `${hostname().slice(0, 60)}-${process.pid}-${randomBytes(3).toString('hex')}`
  const tracing = await createTracing(spec.observability.traces, {
    version: options.version,
    instance: name,
  })
  stack.defer(() => tracing.close())
  const observed = traceRepository(metrics.observe(opened), tracing, now)
  const repository = mark === undefined ? observed : markReplies(observed, mark.warning)
  const choice = stack.use(
    chooseEngines({
      engines,
      applications: () => served.applications,
      repository,
      isAlone: 'sqlite' in spec.repository,
      log,
    }),
  )
  const applications = stack.use(
    await openApplications({
      folder: options.applicationsFolder,
      environment: options.environmentName,
      variables: environment,
      stateFolder,
      catalog,
      platform: spec,
      runnerOf: (application) => choice.of(application).identity,
      repository,
      log,
    }),
  )
  served.applications = applications
  void engines.look()
  const core: Core = {
    name,
    spec,
    stateFolder,
    log,
    catalog,
    applications,
    repository,
  }
  const tls = spec.http.tls && (await openHttpTls(spec.http.tls, { log }))
  const filesUrl = await serveFiles(core, { mark, tls }, stack)
  const grants = stack.use(createSecretGrants(spec.secrets.providers, { stateFolder, environment, log }))
  const runners = stack.use(await startRunners(core, { ...options, engines: choice }, filesUrl, grants))
  runnerStatus.list = () => runners.status()
  const runnerOf = (application: string): string => choice.of(application).identity
  const requests = intakeOf(core, options.foreignRoots, runnerOf)
  const limited = limitIntake(requests, {
    applications,
    requestsPerSecond: spec.applications.requestsPerSecond,
    onHeld: (application) => metrics.held(application),
    now,
  })
  const intake = traceIntake(limited, tracing)
  const replies = createReplies({
    server: core.name,
    leaseMs: Math.max(leastMessageLeaseMs, 4 * parseDuration(spec.runners.lease)),
    repository,
    applications,
    runners,
    clusters,
    secretsOf: (application) =>
      createSecretResolver({
        application,
        providers: openProviders(spec.secrets.providers, environment),
        onFound: () => undefined,
      }),
    log,
    now,
  })
  stack.defer(() => replies.stop())
  stack.defer(keepSettling({ repository, applications, log }))
  const triggers = createTriggers({ applications, intake, repository, clusters, platform: spec, log, now })
  triggerStatus.list = () => triggers.status()
  stack.defer(() => triggers.stop())
  const health = createHealth(repository, now)
  const begun = health.starting('triggers')
  const api = await openApi(core, {
    tls,
    intake,
    prepare: (arrival) => requests.prepare(arrival),
    runners,
    rollouts: createRollouts({ engines, applications, repository }),
    health,
    metrics,
    tracing,
    options,
  })
  stack.defer(() => api.close(0))
  const url = await api.listen()
  triggers.start()
  begun.done()
  applications.start()
  const endRetention = keepRetention({
    repository,
    retention: spec.retention,
    runners,
    onRemoved: (application, outcome, results) => metrics.resultsRemoved(application, outcome, results),
    log,
  })
  stack.defer(endRetention)
  log.info('Ready', {
    url,
    filesUrl,
    applications: applications.list().length,
    setAside: applications.setAside().length,
  })
  const owned = stack.move()
  let drained: Promise<void> | undefined
  return {
    url,
    filesUrl,
    stateFolder,
    log,
    drain: () => (drained ??= drain()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }

  async function drain(): Promise<void> {
    health.draining()
    const endMs = performance.now() + parseDuration(spec.drain)
    // what it has under way needs runners, and ends with them
    void endRetention()
    await Promise.all([triggers.stop(), runners.drain(parseDuration(spec.drain))])
    // of the runs that ended last, too
    await replies.drain(Math.max(0, endMs - performance.now()))
    await replies.stop()
    await api.close()
  }
}

async function serveFiles(
  { spec, stateFolder, log }: Core,
  { mark, tls }: { readonly mark: Mark | undefined; readonly tls: HttpTls | undefined },
  stack: AsyncDisposableStack,
): Promise<string> {
  const { startFileServer } = await import('@bulkhead/files')
  const { port } = spec.files
  const headers = mark?.headers ?? {}
  const server = await startFileServer({
    host: '127.0.0.1',
    port,
    stateFolder,
    headers,
    log,
    ...(tls !== undefined && { tls }),
  })
  stack.defer(() => server.close(0))
  return spec.files.publicUrl ?? server.url
}

function startRunners(
  core: Core,
  options: ServerOptions & { readonly engines: EngineChoice },
  filesUrl: string,
  grants: SecretGrants,
): Promise<Runners> {
  const { name: server, spec, stateFolder, catalog, applications, repository, log } = core
  return createRunners({
    repository,
    server,
    applications,
    catalog,
    runners: spec.runners,
    resultsMs: spec.retention.results === undefined ? undefined : parseDuration(spec.retention.results),
    weights: spec.applications.weights,
    systems: spec.systems,
    logLevel: spec.observability.logLevel,
    connectorRoots: options.connectorRoots,
    foreignRoots: options.foreignRoots,
    engines: options.engines,
    stateFolder,
    environment: options.environment,
    log,
    grantLinks: async (application, folders) => {
      const grant = await grantLinks({ stateFolder, application, folders, baseUrl: filesUrl })
      const isServed = spec.files.publicUrl === undefined
      return { ...grant, folders: [...grant.folders], isServed }
    },
    grantSecrets: (application) => grants.of(application),
  })
}

function intakeOf(
  { applications, repository, catalog, stateFolder, spec }: Core,
  foreignRoots: readonly string[],
  runnerOf: (application: string) => string,
): Intake & Preparing {
  const memoryMs = parseDuration(spec.retention.requests)
  return createIntake({
    applications,
    repository,
    catalog,
    runnerOf,
    seal: (text, { application, requestId }) =>
      sealPlainCredentials(text, {
        application,
        requestId,
        // it waits in the queue no longer than its request is remembered
        expiresMs: Date.now() + memoryMs,
        catalog,
        key: () => sealingKey(stateFolder, application),
      }),
    laneOf: laneOfRun({ systems: spec.systems, catalog, foreignRoots }),
    now: Date.now,
  })
}

async function openApi(
  { repository, applications, spec, stateFolder, log }: Core,
  rooms: {
    readonly intake: Intake
    readonly prepare: Preparing['prepare']
    readonly runners: Runners
    readonly tls: HttpTls | undefined
    readonly rollouts: Rollouts
    readonly health: ReturnType<typeof createHealth>
    readonly metrics: ReturnType<typeof createMetrics>
    readonly tracing: Tracing
    readonly options: ServerOptions
  },
): Promise<ReturnType<typeof createApi>> {
  const now = Date.now
  const auth = createAuth({ repository, tokens: spec.auth.tokens, now })
  if (spec.auth.tokens === 'required') await ensureFirstToken({ repository, stateFolder, log, now })
  const { tls } = rooms
  return createApi({
    ...(tls !== undefined && { tls }),
    repository,
    intake: rooms.intake,
    prepare: rooms.prepare,
    applications,
    runners: rooms.runners,
    rollouts: rooms.rollouts,
    auth,
    health: rooms.health,
    metrics: rooms.metrics,
    tracing: rooms.tracing,
    keys: async (application) => {
      const { keys } = await publishedKeys(stateFolder, application)
      return keys.length === 0 ? undefined : { keys: keys.map((key) => ({ ...key })) }
    },
    http: spec.http,
    log,
    now,
    version: rooms.options.version,
    headers: rooms.options.mark?.headers ?? {},
  })
}
