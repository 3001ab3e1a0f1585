import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionContext, Log } from '@bulkhead/connector-sdk'
import type { SecretProviderSettings } from '@bulkhead/contract'
import type { Application, Plan, PlannedConnection } from '@bulkhead/engine'
import { loadConnector } from '@bulkhead/engine/load/load-connector'
import type { Clock, RunContext } from '@bulkhead/engine/run/run-context'
import { sweepTemporaryFolders } from '@bulkhead/engine/run/temporary-folder'
import { createRedactor, type Redactor } from '@bulkhead/engine/secrets/redactor'
import { openProviders, providersOf } from '@bulkhead/engine/secrets/open-providers'
import { createSecretResolver } from '@bulkhead/engine/secrets/resolve-secrets'
import type { SecretProvider } from '@bulkhead/engine/secrets/secret-provider'
import { takeSecretVariables } from '@bulkhead/engine/secrets/secret-variables'
import { consoleToLog } from './console-to-log.ts'
import { beyondPolicy, guardNetwork, type NetworkGuard } from './network-guard.ts'
import { catchStrayErrors } from './stray-errors.ts'
import { redactedLog } from './redacted-log.ts'

/**
 * Gives out signers of links. The key of links is held by whoever starts runs; a run gets the means to
 * sign for one application, and only for files below folders that were named before it began (I7).
 *
 * @param folders  absolute
 */
export type OpenLinks = (
  application: string,
  folders: readonly string[],
) => Promise<ConnectionContext<unknown>['signLink']>

/** What every way of using an application in this process needs. */
export interface ProcessOptions {
  /** Variables of the process. Those that hold secrets are taken out of it (I6). */
  readonly environment: NodeJS.ProcessEnv
  readonly log: Log
  /** Its reason is the error of what is stopped by it. */
  readonly signal: AbortSignal
}

/** This process, as far as a run of one application sees it. */
export interface RunProcess extends Disposable {
  readonly context: RunContext
  readonly redactor: Redactor
  readonly guard: NetworkGuard
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal })
  },
}

/** Where temporary folders of runs are made. */
export const temporaryRoot = join(tmpdir(), `bulkhead-${process.getuid?.() ?? 'user'}`)

/** Removes temporary folders that dead processes left. Nobody waits for it. */
export function sweepTemporaryRoot(log: Log): void {
  sweepTemporaryFolders(temporaryRoot).catch((error: unknown) => {
    log.warn('Temporary folders of earlier runs could not be removed', { error })
  })
}

/** What one run of an application is given by a process that is ready for it. */
export function createRunContext(run: {
  readonly runId: string
  readonly application: Application
  readonly baseFolder: string
  readonly redactor: Redactor
  readonly guard: NetworkGuard
  /** Redacts by itself. */
  readonly log: Log
  readonly signal: AbortSignal
  readonly environment: NodeJS.ProcessEnv
  /** As a server says it; undefined: as the environment does. */
  readonly secretProviders?: readonly SecretProviderSettings[] | undefined
}): RunContext {
  const { runId, application, baseFolder, redactor, guard, log, signal, environment } = run
  return {
    runId,
    application,
    baseFolder,
    secrets: createSecretResolver({
      application: application.name,
      providers: providersBeyondPolicy(run.secretProviders ?? providersOf(environment), environment),
      onFound: (secret) => redactor.add(secret.reveal()),
    }),
    log,
    signal,
    clock: systemClock,
    temporaryRoot,
    signLink: () => Promise.reject(new Error('No links are made here')),
    load: loadConnector,
    // A driver reports a refused connection as an outage, which would be tried again.
    diagnose: ({ kind }) => (kind === 'transient' || kind === 'bug' ? guard.refusal : undefined),
  }
}

/** Where the platform keeps secrets is no affair of the application, which may not reach it by itself. */
function providersBeyondPolicy(
  settings: readonly SecretProviderSettings[],
  environment: NodeJS.ProcessEnv,
): readonly SecretProvider[] {
  return openProviders(settings, environment).map((provider) => ({
    find: (application, name) => beyondPolicy(() => provider.find(application, name)),
    absence: (application, name) => provider.absence(application, name),
  }))
}

/**
 * Makes the process ready for one run of an application: its secrets are taken from the environment, its
 * network policy is in force, folders that dead runs left are removed. Done before any connector is loaded.
 */
export function runInProcess(
  run: {
    readonly runId: string
    readonly application: Application
    readonly baseFolder: string
    readonly network: Plan['network']
    readonly redactor?: Redactor
  },
  options: ProcessOptions,
): RunProcess {
  const { application, redactor = createRedactor() } = run
  takeSecretVariables(application.name, options.environment)
  const guard = guardNetwork(run.network)
  const log = redactedLog(options.log, redactor)
  const quietConsole = consoleToLog(log)
  const stray = catchStrayErrors(log)
  sweepTemporaryRoot(log)
  const { environment } = options
  const signal = AbortSignal.any([options.signal, stray.signal])
  return {
    context: createRunContext({ ...run, redactor, guard, log, signal, environment }),
    redactor,
    guard,
    [Symbol.dispose]() {
      stray[Symbol.dispose]()
      quietConsole[Symbol.dispose]()
      guard[Symbol.dispose]()
    },
  }
}

/**
 * The signer of links for a store whose links the platform serves; undefined for one that signs by itself.
 * Such a store has a setting `folder`, in which its files lie.
 */
export async function openStoreLinks(
  store: PlannedConnection,
  baseFolder: string,
  application: string,
  openLinks: OpenLinks,
): Promise<RunContext['signLink'] | undefined> {
  const { folder } = store.config
  if (store.connector.manifest.store?.links !== 'platform' || typeof folder !== 'string') return undefined
  const sign = await openLinks(application, [resolve(baseFolder, folder)])
  // it asks whether links are served, of this machine, which is no affair of the application
  return (object, request) => beyondPolicy(() => sign(object, request))
}
