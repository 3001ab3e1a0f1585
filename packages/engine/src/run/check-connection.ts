import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { PlannedConnection } from '../plan/plan.ts'
import { close, openSource, openStore } from './open-connection.ts'
import type { RunContext } from './run-context.ts'
import { runError, untilStopped } from './stop.ts'
import { checkServices } from './run-services.ts'

/** What came of looking at one connection or store. */
export type CheckOutcome =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly error: BulkheadError }

/**
 * Opens a connection or store with its secrets and lets it prove that it works: a source answers, a
 * store takes an object, which is removed again. Nothing is tried twice.
 */
export async function checkConnection(
  planned: PlannedConnection,
  role: 'source' | 'store',
  context: RunContext,
): Promise<CheckOutcome> {
  try {
    await using shared = checkServices(context)
    const { services } = shared
    const opened = await (role === 'source' ? openSource : openStore)(planned, services)
    try {
      return { ok: true, message: await untilStopped(opened.check(services.signal), services.signal) }
    } finally {
      await close(opened, planned, services)
    }
  } catch (error) {
    const known = runError(error, context.signal)
    return { ok: false, error: context.diagnose?.(known) ?? known }
  }
}
