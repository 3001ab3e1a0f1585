import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkedBy, duration, fault, parseDuration } from '@bulkhead/contract'
import type { Answer } from '../terminal/answer.ts'
import type { LogLevel, Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { makeStub } from '../stub/make-stub.ts'
import { connectorRoots, connectorsFolder, installedCatalog } from './installed.ts'
import { applicationChoice } from './platform.ts'

export interface StubOptions {
  readonly port: number
  readonly environment?: string
  readonly rows?: number
  /** ISO 8601. */
  readonly latency: string
  readonly seed: number
  readonly outcome: string
  /** `CLUSTER=HOST:PORT`. */
  readonly kafka: readonly string[]
  /** `NAME=URL`. */
  readonly webhook: readonly string[]
  readonly logLevel: LogLevel
  readonly version: string
}

/**
 * A stand-in of an application for those who ask it: a real server in a folder that is gone with it, whose runs take their rows
 * from the application's examples. No connection of the application is opened.
 */
export async function stub(
  folder: string,
  options: StubOptions,
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const [{ startServer }, { openApplication }] = await Promise.all([
    import('@bulkhead/server'),
    import('@bulkhead/runner'),
  ])
  const own = await mkdtemp(join(tmpdir(), 'bulkhead-stub-'))
  try {
    const choice = applicationChoice(terminal, { ...options, application: folder, out: join(own, 'results') })
    const { application } = await openApplication(choice)
    const { rows, seed, outcome, version } = options
    const latencyMs = parseDuration(
      checkedBy(duration, options.latency, { code: 'usage', base: '--latency' }),
    )
    const clusters = pairs(options.kafka, '--kafka', 'CLUSTER=HOST:PORT')
    const made = await makeStub(application, await installedCatalog(), {
      folder: own,
      clusters: new Set(clusters.keys()),
      webhooks: pairs(options.webhook, '--webhook', 'NAME=URL'),
      variables: terminal.environment,
      defaults: { ...(rows !== undefined && { rows }), latencyMs, seed, outcome },
    })
    const { name } = application
    const whatItIs = `This is a stub of "${name}": its rows are examples, and no source was read`
    await using server = await startServer({
      applicationsFolder: made.applicationsFolder,
      platformFile: undefined,
      environmentName: undefined,
      environment: platformOf(options, own, clusters, terminal),
      connectorRoots: connectorRoots(),
      foreignRoots: [connectorsFolder(terminal.environment)],
      runnerEntry: fileURLToPath(import.meta.resolve('@bulkhead/cli/stub-runner')),
      version,
      mark: { headers: { 'Bulkhead-Stub': name }, warning: whatItIs },
      write: (line) => terminal.messages.write(line),
    })
    report.log('warn', `A STUB of "${name}" is up, and not "${name}": rows are examples, no source is read`)
    for (const notice of made.notices) report.log('info', notice)
    const { url, filesUrl } = server
    report.log('info', `Ask it at ${url}/api/v1; Ctrl-C ends it, and its results are gone then`, {
      url,
      filesUrl,
    })
    await aborted(terminal.signal)
    await server.drain()
  } finally {
    await rm(own, { recursive: true, force: true, maxRetries: 3 })
  }
  return { value: undefined, text: () => '' }
}

/** Nothing that was said about another server holds for this one. */
function platformOf(
  { port, logLevel }: StubOptions,
  folder: string,
  clusters: ReadonlyMap<string, string>,
  { environment }: Terminal,
): Readonly<Record<string, string | undefined>> {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('BULKHEAD_PLATFORM__'))
  const kafka = Object.fromEntries([...clusters].map(([name, address]) => [name, { bootstrap: [address] }]))
  const settings = {
    HTTP__PORT: port,
    FILES__PORT: 0,
    AUTH__TOKENS: 'off',
    DRAIN: 'PT2S',
    KAFKA: kafka,
    // what a server tells of itself is the noise of a stub
    OBSERVABILITY__LOG_LEVEL: logLevel === 'info' ? 'warn' : logLevel,
  }
  return {
    ...Object.fromEntries(kept),
    XDG_STATE_HOME: folder,
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`BULKHEAD_PLATFORM__${name}`, JSON.stringify(value)]),
    ),
  }
}

/** @throws BulkheadError `usage` */
function pairs(texts: readonly string[], option: string, form: string): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const [, name, value] = /^([a-z0-9-]+)=(.+)$/.exec(text) ?? []
      if (name !== undefined && value !== undefined) return [name, value]
      throw fault('usage', `${option} ${text} is not ${form}`, { path: option })
    }),
  )
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
