import type { Link } from '@bulkhead/connector-sdk'
import type { Plan } from '../plan/plan.ts'
import { close, openStore } from './open-connection.ts'
import { withoutTemporaryFolder } from './run-services.ts'
import type { RunFile } from './result-output.ts'
import type { RunContext } from './run-context.ts'
import { runError, untilStopped } from './stop.ts'

/**
 * Makes links to files of a result. Done when a reply is sent and not when the run ends: a link is a
 * credential, and what is kept of a run holds none.
 *
 * @returns a link for each file, in their order
 * @throws BulkheadError what the store throws
 */
export async function linkFiles(
  plan: Plan,
  files: readonly RunFile[],
  context: RunContext,
): Promise<readonly Link[]> {
  const services = withoutTemporaryFolder(context)
  try {
    const store = await openStore(plan.store, services)
    try {
      const links: Link[] = []
      for (const { stored, name, objectContentType } of files) {
        const request = {
          expiresInSeconds: plan.urlExpiresInSeconds,
          fileName: name.slice(name.lastIndexOf('/') + 1),
          contentType: objectContentType,
        }
        links.push(await untilStopped(store.link(stored, request), context.signal))
      }
      return links
    } finally {
      await close(store, plan.store, services)
    }
  } catch (error) {
    throw runError(error, context.signal)
  }
}

/** Removes files of a result that no reply will name. Never throws: what stays is told to the log. */
export async function removeFiles(plan: Plan, files: readonly RunFile[], context: RunContext): Promise<void> {
  const services = withoutTemporaryFolder(context)
  try {
    const store = await openStore(plan.store, services)
    try {
      for (const { stored } of files) await store.remove(stored, AbortSignal.timeout(services.cleanUpMs()))
    } finally {
      await close(store, plan.store, services)
    }
  } catch (error) {
    context.log.warn('Files of a failed run could not be removed', {
      locations: files.map(({ stored }) => stored.location).slice(0, 20),
      error: String(error),
    })
  }
}
