import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { Application, Catalog, PlannedConnection } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { declaredConnection, declaredStore } from '@bulkhead/engine/plan/planned-connection'
import { checkConnection } from '@bulkhead/engine/run/check-connection'
import { runError } from '@bulkhead/engine/run/stop'
import { type ApplicationChoice, openApplication } from './open-application.ts'
import { redactedError } from './redacted-error.ts'
import { newRunId } from './run-id.ts'
import { type ProcessOptions, runInProcess, type RunProcess, systemClock } from './run-in-process.ts'

export interface CheckOptions extends ProcessOptions {
  readonly application: ApplicationChoice
  readonly connectorRoots: readonly string[]
}

/** What came of looking at one connection or store. */
export interface CheckedItem {
  readonly role: 'connection' | 'store'
  readonly name: string
  /** As the manifest writes it: `postgres@^1`. */
  readonly connector: string
  /** One line about what answered; undefined after a failure. */
  readonly message: string | undefined
  /** Redacted. */
  readonly error: BulkheadError | undefined
}

/** @throws BulkheadError when the application itself cannot be read */
export async function checkApplication(options: CheckOptions): Promise<readonly CheckedItem[]> {
  const { application, baseFolder } = await openApplication(options.application)
  const catalog = await readCatalog(options.connectorRoots)
  const { allow } = application.manifest.spec.policy.network
  const network = { allow, allowLoopback: application.platform.allowLoopback }
  const runId = newRunId(systemClock.now())
  using process = runInProcess({ runId, application, baseFolder, network }, options)
  return await checkOpened(application, catalog, process)
}

/** The same in a process that is ready for the application. */
export async function checkOpened(
  application: Application,
  catalog: Catalog,
  process: Pick<RunProcess, 'context' | 'redactor'>,
): Promise<readonly CheckedItem[]> {
  const { connections, stores } = application.manifest.spec
  return await Promise.all([
    ...Object.entries(connections).map(([name, { connector }]) =>
      checkItem('connection', name, connector, process, () =>
        declaredConnection(application, catalog, name, ''),
      ),
    ),
    ...Object.entries(stores).map(([name, { connector }]) =>
      checkItem('store', name, connector, process, () => declaredStore(application, catalog, name, '')),
    ),
  ])
}

async function checkItem(
  role: CheckedItem['role'],
  name: string,
  connector: string,
  { context, redactor }: Pick<RunProcess, 'context' | 'redactor'>,
  plan: () => PlannedConnection,
): Promise<CheckedItem> {
  const item = { role, name, connector }
  try {
    const outcome = await checkConnection(plan(), role === 'store' ? 'store' : 'source', context)
    if (outcome.ok) return { ...item, message: redactor.redact(outcome.message), error: undefined }
    return { ...item, message: undefined, error: redactedError(outcome.error, redactor) }
  } catch (error) {
    return { ...item, message: undefined, error: redactedError(runError(error, context.signal), redactor) }
  }
}
