import { isBulkheadError, type ErrorDetails } from '@bulkhead/connector-sdk'
import { detailsOf, requestSchema } from '@bulkhead/contract'
import type { Catalog } from '../catalog/catalog.ts'
import { planRun } from '../plan/plan-run.ts'
import { declaredConnection, declaredStore } from '../plan/planned-connection.ts'
import type { Application } from './application.ts'

/** Everything that planning finds: settings of all connections and stores, and every job as if it were asked for. */
export function catalogFaults(application: Application, catalog: Catalog): readonly ErrorDetails[] {
  const { connections, stores, jobs } = application.manifest.spec
  return [
    ...Object.keys(connections).flatMap((name) =>
      faultsIn(() => declaredConnection(application, catalog, name, 'spec.connections')),
    ),
    ...Object.keys(stores).flatMap((name) =>
      faultsIn(() => declaredStore(application, catalog, name, 'spec.stores')),
    ),
    ...Object.keys(jobs).flatMap((job) =>
      faultsIn(() =>
        planRun({
          application,
          catalog,
          request: { id: 'validate', source: '', data: requestSchema.parse({ job }), warnings: [] },
          nowMs: 0,
        }),
      ).filter(({ code }) => code !== 'parameter-missing'),
    ),
  ]
}

function faultsIn(decide: () => unknown): readonly ErrorDetails[] {
  try {
    decide()
    return []
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return detailsOf(error)
  }
}
