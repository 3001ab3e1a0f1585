import type { Link, StoredObject } from '@bulkhead/connector-sdk'
import { type Delivery, lateLinkSeconds } from '@bulkhead/contract'
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
      const expiresInSeconds = validity(delivery, context.clock.now())
      for (const { stored, name, objectContentType } of delivery.files) {
        const request = {
          expiresInSeconds,
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

/** No link is valid for longer than the result is there; the result waits for one that is made in its last moment. */
function validity(delivery: Delivery, nowMs: number): number {
  const { urlExpiresInSeconds, keptUntilMs = Infinity } = delivery
  const left = Math.floor((keptUntilMs - nowMs) / 1000)
  return Math.min(urlExpiresInSeconds, Math.max(left, lateLinkSeconds(delivery)))
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
