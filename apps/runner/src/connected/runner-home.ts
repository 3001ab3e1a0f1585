import { type BulkheadError, isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import type { RunnerSettings } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { bundleBytes, unpackBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { signerOf } from '@bulkhead/engine/links/link-signer'
import { type Breakers, keepBreakers } from '@bulkhead/engine/run/breakers'
import { keepConnections } from '@bulkhead/engine/run/kept-connections'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { temporaryFolder } from '@bulkhead/engine/run/temporary-folder'
import { createRedactor, type Redactor } from '@bulkhead/engine/secrets/redactor'
import { takeSecretVariables } from '@bulkhead/engine/secrets/secret-variables'
import { guardNetwork, type NetworkGuard } from '../network-guard.ts'
import type { OpenedApplication } from '../open-application.ts'
import { redactedLog } from '../redacted-log.ts'
import { createRunContext, type OpenLinks, sweepTemporaryRoot, temporaryRoot } from '../run-in-process.ts'
import type { ServerClient } from './server-client.ts'
import type { StandIn } from './stand-in.ts'

/** The bundle is not what its digest says, or no application. */
export class UnreadableApplication extends Error {
  constructor(cause: BulkheadError) {
    super(cause.message, { cause })
    this.name = 'UnreadableApplication'
  }
}

/** One revision of one application in this process, for its whole life. */
export interface RunnerHome extends AsyncDisposable {
  readonly opened: OpenedApplication
  readonly catalog: Promise<Catalog>
  /** Knows every secret that was used in this process. */
  readonly redactor: Redactor
  readonly openLinks: OpenLinks
  /** Where the keys of the application lie. */
  readonly stateFolder: string
  /** Longest time that results are kept, milliseconds; undefined: as long as the application says. */
  readonly mostKeptMs: number | undefined
  /** What is known of its connections from run to run. */
  readonly breakers: Breakers
  /** In place of its sources; undefined: they are opened. */
  readonly standIn: StandIn | undefined
  /** The process's own log, redacted. */
  readonly log: Log
  /** What a run or a task is given. Its guard remembers what was refused to this one. */
  contextFor(work: {
    readonly runId: string
    readonly log: Log
    readonly signal: AbortSignal
  }): RunContext & Disposable & { readonly guard: NetworkGuard }
}

/**
 * Gets the bundle and makes the process ready for its application: secrets are taken out of the environment, the
 * network policy is in force from here on.
 *
 * @throws UnreadableApplication; ServerCallFailed; what the machine has no room for
 */
export async function openHome(
  settings: RunnerSettings,
  client: Pick<ServerClient, 'bundle'>,
  environment: NodeJS.ProcessEnv,
  processLog: Log,
  standIn?: StandIn,
): Promise<RunnerHome> {
  const redactor = createRedactor()
  const log = redactedLog(processLog, redactor)
  takeSecretVariables(settings.application, environment)
  sweepTemporaryRoot(log)
  // its name says whose it is, so that the next process removes it when this one is killed
  const folder = temporaryFolder({
    root: temporaryRoot,
    limitBytes: 4 * bundleBytes,
    onExceeded: (error) => log.warn(error.message),
  })
  try {
    const path = await folder.path()
    const application = await readBundle(await client.bundle(settings.revision), path, settings, environment)
    const { allow } = application.manifest.spec.policy.network
    const network = { allow, allowLoopback: application.platform.allowLoopback }
    const guard = guardNetwork(network)
    const kept = keepConnections()
    const breakers = keepBreakers()
    const opened = { application, baseFolder: settings.baseFolder, isBuiltin: false }
    return {
      opened,
      catalog: readCatalog(settings.connectorRoots),
      redactor,
      openLinks: linksOf(settings),
      stateFolder: settings.stateFolder,
      mostKeptMs: settings.resultsMs,
      breakers,
      standIn,
      log,
      contextFor(work) {
        const own = guardNetwork(network)
        const context = createRunContext({
          ...work,
          application,
          baseFolder: settings.baseFolder,
          redactor,
          guard: own,
          log: redactedLog(work.log, redactor),
          environment,
          secretProviders: settings.secrets,
        })
        return {
          ...context,
          kept,
          breakers,
          ...(standIn !== undefined && { openSource: standIn.openSource }),
          guard: own,
          [Symbol.dispose]: () => own[Symbol.dispose](),
        }
      },
      async [Symbol.asyncDispose]() {
        await kept[Symbol.asyncDispose]()
        guard[Symbol.dispose]()
        await folder[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}

async function readBundle(
  bundle: unknown,
  folder: string,
  settings: RunnerSettings,
  variables: NodeJS.ProcessEnv,
): Promise<Application> {
  try {
    await unpackBundle(bundle, folder)
    return await readApplication(folder, {
      environment: settings.environment,
      variables,
      allowLoopback: variables['BULKHEAD_ALLOW_LOOPBACK'] === '1',
    })
  } catch (error) {
    throw isBulkheadError(error) ? new UnreadableApplication(error) : error
  }
}

/** The server said before this process began which folders links may be signed for (I7). */
function linksOf({ links }: RunnerSettings): OpenLinks {
  // one for all runs: it remembers whether links are served
  const sign =
    links === undefined
      ? () => Promise.reject(new Error('No links were granted to this application'))
      : signerOf(links, Date.now)
  return () => Promise.resolve(sign)
}
