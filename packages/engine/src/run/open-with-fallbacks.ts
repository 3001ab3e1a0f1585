import type { BulkheadError, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { PlannedSource } from '../plan/plan.ts'
import { type ConnectionServices, openExtract } from './open-connection.ts'
import { runError } from './stop.ts'

/** An extract, and the connection that it is of. */
export interface OpenedExtract {
  readonly extract: Extract
  /** Name in the manifest. */
  readonly connection: string
  /** Why it is another one than was asked for; one sentence for each that was passed over. */
  readonly passedOver: readonly string[]
}

/**
 * Opens the planned source, or the first of its fallbacks that can be reached. Nothing has been read by then,
 * so that a result is never of two systems. Only an outage (kind `transient`) is passed over: a wrong query, a
 * refused password, or a policy would be the same or worse elsewhere.
 *
 * @throws BulkheadError of the source itself when none can be reached; of a fallback, when it refuses
 */
export async function openWithFallbacks(
  source: PlannedSource,
  read: ReadRequest,
  services: ConnectionServices,
): Promise<OpenedExtract> {
  const { context, signal } = services
  const passedOver: string[] = []
  let first: BulkheadError | undefined
  for (const planned of [source, ...source.fallbacks]) {
    try {
      return { extract: await openExtract(planned, read, services), connection: planned.name, passedOver }
    } catch (error) {
      const known = runError(error, signal)
      const failure = context.diagnose?.(known) ?? known
      if (signal.aborted || failure.kind !== 'transient') throw failure
      first ??= failure
      if (source.fallbacks.length === 0) throw failure
      context.log.warn(`The connection "${planned.name}" cannot be reached: ${failure.message}`, {
        code: failure.code,
        connection: planned.name,
      })
      passedOver.push(`The connection "${planned.name}" could not be reached (${failure.code})`)
    }
  }
  throw first ?? fault('internal', 'A source was opened by nobody')
}
