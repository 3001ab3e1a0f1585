import { createHash } from 'node:crypto'
import type { Request } from '@bulkhead/contract'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import { dependenciesOf } from '../catalog/dependencies.ts'
import { withoutSecrets } from '../catalog/validate-config.ts'
import type { Plan, PlannedConnection } from '../plan/plan.ts'
import { canonicalJson } from './canonical-json.ts'
import { withoutBigints } from './content-digest.ts'

/** Who asks, and of what. */
export interface ReuseScope {
  /** Digest of the revision: the manifest and all files of the application. */
  readonly revision: string
  /** Identity of the build of the runner that executes its runs. */
  readonly runner: string
  /** Identity of the requester: what one may have is no answer to another. */
  readonly actor: string
}

/**
 * By what identical requests are known: a digest of all that decides the result, and of who may have it (D21). Two requests
 * with the same key would make the same file, as far as anybody can tell without reading.
 *
 * @param plan  made without running anything
 * @returns undefined for a request that shares nothing: it is ad hoc, brings secrets, or its job looks at it first
 */
export function reuseKey(plan: Plan, { data, warnings }: Request, scope: ReuseScope): string | undefined {
  const { source, store, output } = plan
  const hasOwn = data.source !== undefined || source.secretParameters.some((name) => isGiven(data, name))
  if (plan.job === undefined || plan.preparation !== undefined || hasOwn) return undefined
  const decides = {
    application: plan.application,
    ...scope,
    job: plan.job,
    parameters: source.parameters,
    flags: plan.flags,
    output,
    urlExpiresInSeconds: plan.urlExpiresInSeconds,
    // the answer to one request tells of its slips, and of no other's
    warnings,
    connections: [source, ...source.fallbacks, ...Object.values(source.reachable), store].map(identityOf),
  }
  return createHash('sha256')
    .update(canonicalJson(withoutBigints(decides)))
    .digest('hex')
}

/** One with a default may be left out, and then it is no secret of the request. */
function isGiven({ parameters }: Request['data'], name: string): boolean {
  return Object.hasOwn(parameters, name)
}

/** Of the environment, too: what a variable says may differ from server to server. No secret is in it, and no digest of one (I6). */
function identityOf({ name, connector, config }: PlannedConnection): unknown {
  return { name, connector: connectorIdentity(connector), config: withoutSecrets(connector, config) }
}

/** Made once: it takes longer than a request. */
const identities = new WeakMap<ConnectorEntry, string>()

function connectorIdentity(entry: ConnectorEntry): string {
  const known = identities.get(entry)
  if (known !== undefined) return known
  const { name, version, folder } = entry
  const identity = canonicalJson([name, version, entry.integrity(), dependenciesOf(folder)])
  identities.set(entry, identity)
  return identity
}
