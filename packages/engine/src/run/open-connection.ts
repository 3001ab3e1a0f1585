import type {
  ConnectionContext,
  ConnectorDefinition,
  Extract,
  ReadRequest,
  Source,
  Store,
} from '@bulkhead/connector-sdk'
import { fault, formatPath, joinPath } from '@bulkhead/contract'
import type { PlannedConnection } from '../plan/plan.ts'
import { resolveSecrets } from '../secrets/resolve-secrets.ts'
import { rootedSource, rootedStore, withRoots } from './rooted.ts'
import type { RunContext } from './run-context.ts'
import { untilStopped, within } from './stop.ts'

/** What connections of one run share. */
export interface ConnectionServices {
  readonly context: RunContext
  readonly signal: AbortSignal
  /** Milliseconds that the next step of cleaning up may take. */
  readonly cleanUpMs: () => number
  readonly temporaryFolder: ConnectionContext<unknown>['temporaryFolder']
  readonly fetchFiles: ConnectionContext<unknown>['fetchFiles']
}

/** @throws BulkheadError what the connector throws; `connector-role-missing` */
export async function openSource(planned: PlannedConnection, services: ConnectionServices): Promise<Source> {
  const { context, signal } = services
  if (context.openSource !== undefined) return rootedSource(await context.openSource(planned), planned)
  const { source, config } = await context.load(planned.connector)
  if (source === undefined) throw roleMissing(planned, 'source')
  const connection = await connectionContext(planned, 'source', config, services)
  const opened = await withRoots(planned, () => untilStopped(source.open(connection), signal))
  return rootedSource(opened, planned)
}

/** @throws BulkheadError what the connector throws; `connector-role-missing` */
export async function openStore(planned: PlannedConnection, services: ConnectionServices): Promise<Store> {
  const open = (): Promise<Store> => openPlannedStore(planned, services)
  return services.context.openStore === undefined ? open() : services.context.openStore(planned, open)
}

async function openPlannedStore(planned: PlannedConnection, services: ConnectionServices): Promise<Store> {
  const { context, signal } = services
  const { store, config } = await context.load(planned.connector)
  if (store === undefined) throw roleMissing(planned, 'store')
  const connection = await connectionContext(planned, 'store', config, services)
  const opened = await withRoots(planned, () => untilStopped(store.open(connection), signal))
  return rootedStore(opened, planned)
}

/** Opens a source and prepares a read; both end with the extract. */
export async function openExtract(
  planned: PlannedConnection,
  read: ReadRequest,
  services: ConnectionServices,
): Promise<Extract> {
  const source = await openSource(planned, services)
  try {
    const extract = await untilStopped(source.prepare(read, services.signal), services.signal)
    return {
      fields: extract.fields,
      consistency: extract.consistency,
      rows: extract.rows,
      read: (signal) => extract.read(signal),
      async [Symbol.asyncDispose]() {
        await close(extract, planned, services)
        await close(source, planned, services)
      },
    }
  } catch (error) {
    await close(source, planned, services)
    throw error
  }
}

/** Closes what was opened. It never fails: what is done is done, and a fault only goes to the log. */
export async function close(
  opened: AsyncDisposable,
  planned: PlannedConnection,
  { context, cleanUpMs }: Pick<ConnectionServices, 'context' | 'cleanUpMs'>,
): Promise<void> {
  try {
    await within(async () => opened[Symbol.asyncDispose](), cleanUpMs())
  } catch (error) {
    context.log.warn(`Closing "${planned.name}" failed`, {
      connector: planned.connector.name,
      error: String(error),
    })
  }
}

async function connectionContext(
  planned: PlannedConnection,
  role: 'source' | 'store',
  schema: ConnectorDefinition<unknown>['config'],
  services: ConnectionServices,
): Promise<ConnectionContext<unknown>> {
  const { context, signal, temporaryFolder, fetchFiles } = services
  const settings = schema.safeParse(await resolveSecrets(planned.config, planned.path, context.secrets))
  if (!settings.success) {
    const [issue] = settings.error.issues
    throw fault(
      'connection-config-invalid',
      `A setting of "${planned.name}" is not what the connector takes: ${issue?.message ?? 'unknown fault'}`,
      { path: joinPath(planned.path, formatPath(issue?.path ?? [])) },
    )
  }
  return {
    config: settings.data,
    connection: planned.name,
    application: context.application.name,
    runId: context.runId,
    limits: planned.limits,
    log: context.log,
    signal,
    temporaryFolder,
    baseFolder: context.baseFolder,
    fetchFiles,
    signLink: context.signLink,
    ...(context.kept !== undefined && { kept: context.kept.of(planned, role, settings.data) }),
  }
}

function roleMissing(planned: PlannedConnection, role: 'source' | 'store'): Error {
  return fault(
    'connector-role-missing',
    `The connector "${planned.connector.name}" of "${planned.name}" is no ${role}`,
    { path: planned.path },
  )
}
