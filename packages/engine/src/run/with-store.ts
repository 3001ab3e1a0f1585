import type { Store } from '@bulkhead/connector-sdk'
import type { PlannedConnection } from '../plan/plan.ts'
import { close, type ConnectionServices, openStore } from './open-connection.ts'
import type { RunContext } from './run-context.ts'
import { withoutTemporaryFolder } from './run-services.ts'

/** Opens a store for something that moves no rows, and closes it. */
export async function withStore<T>(
  planned: PlannedConnection,
  context: RunContext,
  work: (store: Store, services: ConnectionServices) => Promise<T>,
): Promise<T> {
  const services = withoutTemporaryFolder(context)
  const store = await openStore(planned, services)
  try {
    return await work(store, services)
  } finally {
    await close(store, planned, services)
  }
}
