import {
  connectionSchema,
  didYouMean,
  errorOf,
  fault,
  formatPath,
  listNames,
  parseDuration,
  valueAt,
  type Connection,
  type Policy,
} from '@bulkhead/contract'
import type { Application } from '../application/application.ts'
import type { Catalog, ConnectorEntry } from '../catalog/catalog.ts'
import { isMarked, settingsIn } from '../catalog/settings-schema.ts'
import { connectionsNamedIn, validateConfig } from '../catalog/validate-config.ts'
import { Secret } from '../secrets/secret.ts'
import { withCredentials } from './ad-hoc-credentials.ts'
import type { AdHocSource } from './chosen-source.ts'
import type { PlannedConnection } from './plan.ts'

/**
 * A connection that the manifest declares, its settings checked.
 * @param role  what it is needed for
 * @throws BulkheadError `connection-unknown`, `connector-unknown`, `connector-role-missing`,
 *         `connection-config-invalid`, `secret-in-clear`, `secret-misplaced`
 */
export function declaredConnection(
  application: Application,
  catalog: Catalog,
  name: string,
  path: string,
): PlannedConnection {
  const { connections } = application.manifest.spec
  const declared = Object.hasOwn(connections, name) ? connections[name] : undefined
  const names = Object.keys(connections)
  if (declared === undefined)
    throw fault(
      'connection-unknown',
      `The application declares no connection ${formatPath([name])}${didYouMean(name, names)}`,
      {
        path,
        fix: `Its connections are ${listNames(names)}`,
      },
    )
  const base = formatPath(['spec', 'connections', name])
  const connector = catalog.resolve(declared.connector, `${base}.connector`)
  requireRole(connector, 'source', `${base}.connector`)
  return checkedConnection(name, connector, declared, `${base}.config`)
}

/**
 * Connections that take the place of one that cannot be reached. Those of their own are not followed.
 * @throws BulkheadError as `declaredConnection`, with `fallback-invalid`
 */
export function fallbackConnections(
  application: Application,
  catalog: Catalog,
  source: PlannedConnection,
): readonly PlannedConnection[] {
  const { connections } = application.manifest.spec
  const declared = Object.hasOwn(connections, source.name) ? connections[source.name] : undefined
  const seen = new Set([source.name])
  return (declared?.fallback ?? []).map((name, index) => {
    const path = formatPath(['spec', 'connections', source.name, 'fallback', index])
    if (seen.has(name)) throw fault('fallback-invalid', `The connection ${name} is named twice`, { path })
    seen.add(name)
    const planned = declaredConnection(application, catalog, name, path)
    // the query and the form of the data are made for one connector
    if (
      planned.connector.name !== source.connector.name ||
      planned.connector.version !== source.connector.version
    )
      throw fault(
        'fallback-invalid',
        `${name} is of ${planned.connector.name} ${planned.connector.version}, and ${source.name} of ${source.connector.name} ${source.connector.version}`,
        { path },
      )
    return planned
  })
}

/** A store that the manifest declares. @throws BulkheadError as `declaredConnection`, with `store-unknown` */
export function declaredStore(
  application: Application,
  catalog: Catalog,
  wanted: string | undefined,
  path: string,
): PlannedConnection {
  const { stores } = application.manifest.spec
  const names = Object.keys(stores)
  const name = wanted ?? (names.length === 1 ? names[0] : undefined)
  if (name === undefined)
    throw fault(
      'store-unknown',
      names.length === 0
        ? 'The application declares no store for its results'
        : `Nothing says which store gets the result: ${listNames(names)}`,
      { path, fix: names.length === 0 ? 'Declare one under spec.stores' : 'Name one as `deliver.store`' },
    )
  const declared = Object.hasOwn(stores, name) ? stores[name] : undefined
  if (declared === undefined)
    throw fault(
      'store-unknown',
      `The application declares no store ${formatPath([name])}${didYouMean(name, names)}`,
      {
        path,
        fix: `Its stores are ${listNames(names)}`,
      },
    )
  const base = formatPath(['spec', 'stores', name])
  const connector = catalog.resolve(declared.connector, `${base}.connector`)
  requireRole(connector, 'store', `${base}.connector`)
  return checkedConnection(name, connector, declared, `${base}.config`, noBreaker)
}

/**
 * A connection that the request brought with it. Its credentials are wrapped at once, so that no plan
 * can be printed with one in clear (I6).
 * @param opened  credentials that were sealed in the request, where there is a key to open them
 * @throws BulkheadError also what `withCredentials` throws
 */
export function adHocConnection(
  catalog: Catalog,
  policy: Policy,
  source: AdHocSource,
  opened: Readonly<Record<string, unknown>> | undefined,
): PlannedConnection {
  const connector = catalog.resolve(source.connector, 'source.connector')
  requireRole(connector, 'source', 'source.connector')
  const { config: given, secretsAllowed } = withCredentials(connector, policy, source, opened)
  const { config, faults } = validateConfig(connector, given, 'source.config', { secretsAllowed })
  if (faults.length > 0) throw errorOf(faults)
  return plannedConnection('ad-hoc', connector, wrapSecrets(connector, config), 'source.config')
}

/**
 * Other connections of the application that settings name, for `fetchFiles`. A request that brought
 * settings of its own reaches only those on which it may run queries.
 */
export function reachableConnections(
  application: Application,
  catalog: Catalog,
  source: PlannedConnection,
): Readonly<Record<string, PlannedConnection>> {
  const allowed = application.manifest.spec.policy.adHoc.queries
  const reachable = namedIn(source).map(({ name, path }) => {
    const where = `${source.path}.${path}`
    if (source.name === 'ad-hoc' && !allowed.includes(name))
      throw fault(
        'ad-hoc-refused',
        `The application does not let a request read the connection ${formatPath([name])}`,
        {
          path: where,
        },
      )
    const connection = declaredConnection(application, catalog, name, where)
    if (connection.connector.manifest.source?.encodes.binary === undefined)
      throw fault(
        'connector-role-missing',
        `The connector ${connection.connector.name} of ${name} does not copy files`,
        {
          path: where,
          fix: 'Name a connection whose connector does, such as files or s3',
        },
      )
    return [name, connection] as const
  })
  return Object.fromEntries(reachable)
}

const namedConnections = new WeakMap<PlannedConnection, ReturnType<typeof connectionsNamedIn>>()

function namedIn(source: PlannedConnection): ReturnType<typeof connectionsNamedIn> {
  const known = namedConnections.get(source) ?? connectionsNamedIn(source.connector, source.config)
  namedConnections.set(source, known)
  return known
}

/** Every secret in clear that a plan holds: what a redactor has to know before the run starts. */
export function secretsIn({ config }: PlannedConnection): Secret[] {
  const found: Secret[] = []
  const search = (value: unknown): void => {
    if (value instanceof Secret) found.push(value)
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) search(item)
  }
  search(config)
  return found
}

type Safeguards = { readonly [P in 'limits' | 'breaker']: Connection[P] | undefined }

/** Stores have none: what is half written is tried again by the store's own client. */
const noBreaker: Connection['breaker'] = { failures: 0, openFor: 'PT0S' }

/** What manifests declare stays as it is, and is checked once: a server plans thousands of requests by it. */
const checkedConnections = new WeakMap<object, PlannedConnection>()

function checkedConnection(
  name: string,
  connector: ConnectorEntry,
  declared: { readonly config: Connection['config'] } & Partial<Safeguards>,
  path: string,
  breaker = declared.breaker,
): PlannedConnection {
  const known = checkedConnections.get(declared)
  if (known?.name === name && known.connector === connector) return known
  const checked = validateConfig(connector, declared.config, path, { secretsAllowed: 'by-reference' })
  if (checked.faults.length > 0) throw errorOf(checked.faults)
  const planned = plannedConnection(name, connector, checked.config, path, {
    limits: declared.limits,
    breaker,
  })
  checkedConnections.set(declared, planned)
  return planned
}

function requireRole(connector: ConnectorEntry, role: 'source' | 'store', path: string): void {
  if (connector.manifest[role] !== undefined) return
  throw fault('connector-role-missing', `The connector ${connector.name} is no ${role}`, { path })
}

function wrapSecrets(
  connector: ConnectorEntry,
  config: PlannedConnection['config'],
): PlannedConnection['config'] {
  const copy = structuredClone(config)
  for (const setting of settingsIn(connector.manifest.config, config)) {
    const key = setting.path.at(-1)
    if (key === undefined || typeof setting.value !== 'string' || !isMarked(setting, 'secret')) continue
    const parent = valueAt(copy, setting.path.slice(0, -1)) as Record<PropertyKey, unknown>
    parent[key] = new Secret(setting.value)
  }
  return copy
}

function plannedConnection(
  name: string,
  connector: ConnectorEntry,
  config: PlannedConnection['config'],
  path: string,
  declared: Partial<Safeguards> = {},
): PlannedConnection {
  const { limits, breaker } = connectionSchema.shape
  const { connections, queryTimeout, connectTimeout } = declared.limits ?? limits.parse(undefined)
  const { failures, openFor } = declared.breaker ?? breaker.parse(undefined)
  return {
    name,
    connector,
    config,
    path,
    limits: {
      connections,
      queryTimeoutMs: parseDuration(queryTimeout),
      connectTimeoutMs: parseDuration(connectTimeout),
    },
    breaker: { failures, openForMs: parseDuration(openFor) },
  }
}
