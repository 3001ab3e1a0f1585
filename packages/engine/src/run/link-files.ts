import type { Link, StoredObject } from '@bulkhead/connector-sdk'
import type { Delivery } from '@bulkhead/contract'
import type { PlannedConnection } from '../plan/plan.ts'
import type { RunContext } from './run-context.ts'
import { runError, untilStopped } from './stop.ts'
import { withStore } from './with-store.ts'

/**
 * Makes links to files of a result. Done when a reply is sent and not when the run ends: a link is a
 * credential, and what is kept of a run holds none.
 *
 * @returns a link for each file, in their order
 * @throws BulkheadError what the store throws
 */
export async function linkFiles(
  planned: PlannedConnection,
  delivery: Delivery,
  context: RunContext,
): Promise<readonly Link[]> {
  try {
    return await withStore(planned, context, async (store) => {
      const links: Link[] = []
      for (const { stored, name, objectContentType } of delivery.files) {
        const request = {
          expiresInSeconds: delivery.urlExpiresInSeconds,
          fileName: name.slice(name.lastIndexOf('/') + 1),
          contentType: objectContentType,
        }
        links.push(await untilStopped(store.link(stored, request), context.signal))
      }
      return links
    })
  } catch (error) {
    throw runError(error, context.signal)
  }
}

/** Removes objects of a result that no reply will name. Never throws: what stays is told to the log. */
export async function removeFiles(
  planned: PlannedConnection,
  objects: readonly StoredObject[],
  context: RunContext,
): Promise<void> {
  try {
    await withStore(planned, context, async (store, services) => {
      for (const object of objects) await store.remove(object, AbortSignal.timeout(services.cleanUpMs()))
    })
  } catch (error) {
    context.log.warn('Files of a failed run could not be removed', {
      locations: objects.map(({ location }) => location).slice(0, 20),
      error: String(error),
    })
  }
}
