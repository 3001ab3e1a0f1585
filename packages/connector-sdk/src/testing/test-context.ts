import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ConnectionContext, ConnectionLimits, Log } from '../context.ts'
import { BulkheadError } from '../errors.ts'
import type { LinkRequest } from '../store.ts'

export interface TestContextOptions<Config> {
  /** Settings as the schema returns them: defaults filled in. */
  readonly config: Config
  readonly connection?: string
  readonly limits?: Partial<ConnectionLimits>
  readonly signal?: AbortSignal
  readonly baseFolder?: string
  readonly fetchFiles?: ConnectionContext<Config>['fetchFiles']
  readonly signLink?: ConnectionContext<Config>['signLink']
}

/** What a connector did with its context. */
export interface TestContext<Config> extends ConnectionContext<Config>, AsyncDisposable {
  readonly logged: readonly {
    readonly level: keyof Log
    readonly message: string
    readonly details: unknown
  }[]
  readonly signed: readonly { readonly key: string; readonly path: string; readonly bytes: number }[]
}

/**
 * A context for the tests of a connector: a temporary folder that goes with it, logs that can be read, links
 * of a made-up file server, and no other connections unless `fetchFiles` is given.
 */
export function testContext<Config>(options: TestContextOptions<Config>): TestContext<Config> {
  let folder: Promise<string> | undefined
  const logged: { level: keyof Log; message: string; details: unknown }[] = []
  const signed: { key: string; path: string; bytes: number }[] = []
  const log = (level: keyof Log) => (message: string, details?: unknown) => {
    logged.push({ level, message, details })
  }
  return {
    config: options.config,
    connection: options.connection ?? 'under-test',
    application: 'connector-test',
    runId: '00000000-0000-7000-8000-000000000000',
    limits: { connections: 2, queryTimeoutMs: 60_000, connectTimeoutMs: 5_000, ...options.limits },
    log: { debug: log('debug'), info: log('info'), warn: log('warn') },
    signal: options.signal ?? new AbortController().signal,
    baseFolder: options.baseFolder,
    logged,
    signed,
    temporaryFolder() {
      folder ??= mkdtemp(join(tmpdir(), 'bulkhead-connector-'))
      return folder
    },
    fetchFiles: options.fetchFiles ?? noConnections,
    async signLink(object, request) {
      signed.push(object)
      return options.signLink === undefined ? madeUpLink(object, request) : options.signLink(object, request)
    },
    async [Symbol.asyncDispose]() {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true })
    },
  }
}

function noConnections(connection: string): Promise<never> {
  return Promise.reject(
    new BulkheadError({
      kind: 'config',
      code: 'connection-unknown',
      message: `This test has no connection ${connection}`,
      fix: 'Give `fetchFiles` to testContext',
    }),
  )
}

function madeUpLink(object: { readonly path: string }, request: LinkRequest) {
  return Promise.resolve({
    url: pathToFileURL(object.path).href,
    expiresAtMs: Date.now() + request.expiresInSeconds * 1000,
  })
}
