import type { PlannedConnection } from '../plan/plan.ts'
import type { RunContext } from './run-context.ts'
import { runError, untilStopped } from './stop.ts'
import { withStore } from './with-store.ts'

/**
 * Removes all that lies below folders of a store: results that are no longer kept, and what dead runs left, so that
 * a sleeper among them cannot complete its upload any more (I5).
 *
 * @param folders  first parts of keys
 * @throws BulkheadError what the store throws
 */
export async function sweepFolders(
  planned: PlannedConnection,
  folders: readonly string[],
  context: RunContext,
): Promise<void> {
  try {
    await withStore(planned, context, async (store) => {
      for (const folder of folders) await untilStopped(store.sweep(folder, context.signal), context.signal)
    })
  } catch (error) {
    throw runError(error, context.signal)
  }
}
