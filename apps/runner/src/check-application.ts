import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { PlannedConnection } from '@bulkhead/engine'
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
  const { spec } = application.manifest
  const catalog = await readCatalog(options.connectorRoots)
  const network = { allow: spec.policy.network.allow, allowLoopback: application.platform.allowLoopback }
  const runId = newRunId(systemClock.now())
  const check = (
    role: CheckedItem['role'],
    name: string,
    connector: string,
    plan: () => PlannedConnection,
  ): Promise<CheckedItem> => checkItem(role, name, connector, plan, process)
  using process = runInProcess({ runId, application, baseFolder, network }, options)
  return Promise.all([
    ...Object.entries(spec.connections).map(([name, { connector }]) =>
      check('connection', name, connector, () => declaredConnection(application, catalog, name, '')),
    ),
    ...Object.entries(spec.stores).map(([name, { connector }]) =>
      check('store', name, connector, () => declaredStore(application, catalog, name, '')),
    ),
  ])
}

async function checkItem(
  role: CheckedItem['role'],
  name: string,
  connector: string,
  plan: () => PlannedConnection,
  { context, redactor }: RunProcess,
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
