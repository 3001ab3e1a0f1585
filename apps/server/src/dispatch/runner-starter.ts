import { resolve } from 'node:path'
import type { Log } from '@bulkhead/connector-sdk'
import { parseSize, type RunnerSettings, type SecretProviderSettings } from '@bulkhead/contract'
import type { Catalog } from '@bulkhead/engine'
import { childEnvironment } from './child-environment.ts'
import { newToken, type TokenBook } from './run-token.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { Engine } from '../engines/engine.ts'
import type { TokenHolder } from './runner-api.ts'
import { type RunnerProcess, startRunner } from './runner-process.ts'

export interface StarterOptions {
  readonly socket: string
  readonly tokens: TokenBook<TokenHolder>
  readonly leaseMs: number
  readonly catalog: Catalog
  readonly connectorRoots: readonly string[]
  /** Where the keys of applications lie. */
  readonly stateFolder: string
  /** Variables of the server, of which a runner gets what its application may see. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logLevel: RunnerSettings['logLevel']
  /** Longest time that results are kept, milliseconds; absent: as long as the application says. */
  readonly resultsMs?: number | undefined
  readonly log: Log
  /** What runs of an application may sign: the master key stays here (I7). */
  readonly grantLinks: (
    application: string,
    folders: readonly string[],
  ) => Promise<NonNullable<RunnerSettings['links']>>
  /** Where runs of an application find its secrets, with no token that reads another's; absent: in their environment. */
  readonly grantSecrets?: (application: string) => Promise<readonly SecretProviderSettings[]>
}

/** Starts runner processes, each for one revision of one application. */
export interface RunnerStarter {
  /** Grants what runs of the application may sign. Before the first `start` of a revision. */
  prepare(one: ServedApplication): Promise<void>
  start(one: ServedApplication, engine: Engine): RunnerProcess
}

export function createRunnerStarter(options: StarterOptions): RunnerStarter {
  const { socket, tokens, leaseMs, catalog, connectorRoots, stateFolder, environment, log } = options
  const links = new Map<string, RunnerSettings['links']>()
  const secrets = new Map<string, readonly SecretProviderSettings[]>()
  const keyOf = (one: ServedApplication): string => `${one.application.name}/${one.revision}`

  return {
    async prepare(one) {
      const key = keyOf(one)
      if (links.has(key)) return
      const folders = servedFolders(one, catalog)
      const { name } = one.application
      if (options.grantSecrets !== undefined) secrets.set(name, await options.grantSecrets(name))
      links.set(key, folders.length === 0 ? undefined : await options.grantLinks(name, folders))
    },
    start(one, engine) {
      const { application, revision, baseFolder } = one
      const token = newToken()
      const granted = links.get(keyOf(one))
      const providers = secrets.get(application.name)
      const process = startRunner({
        one,
        engine,
        environment: childEnvironment(one, environment),
        memoryBytes: parseSize(application.manifest.spec.policy.limits.memory),
        log,
        settings: {
          socket,
          token,
          application: application.name,
          revision,
          ...(application.environment !== undefined && { environment: application.environment }),
          baseFolder,
          stateFolder,
          connectorRoots: [...connectorRoots],
          leaseMs,
          ...(granted !== undefined && { links: granted }),
          ...(providers !== undefined && { secrets: [...providers] }),
          ...(options.resultsMs !== undefined && { resultsMs: options.resultsMs }),
          logLevel: options.logLevel,
        },
      })
      tokens.add(token, { process, run: undefined })
      return process
    },
  }
}

/** Absolute folders of the application's stores whose links the platform serves: such a store has a setting `folder`. */
function servedFolders({ application, baseFolder }: ServedApplication, catalog: Catalog): readonly string[] {
  return Object.values(application.manifest.spec.stores).flatMap(({ connector, config }) => {
    const { folder } = config
    if (typeof folder !== 'string' || !isServed(catalog, connector)) return []
    return [resolve(baseFolder, folder)]
  })
}

function isServed(catalog: Catalog, connector: string): boolean {
  try {
    return catalog.resolve(connector).manifest.store?.links === 'platform'
  } catch {
    return false // it is not installed: whoever needs it fails
  }
}
