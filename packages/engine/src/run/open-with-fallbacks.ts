import type { BulkheadError, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { PlannedConnection, PlannedSource } from '../plan/plan.ts'
import type { Breaker, Pause } from './breakers.ts'
import { type ConnectionServices, openExtract } from './open-connection.ts'
import { withReadErrors } from './read-errors.ts'
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
 * refused password, or a policy would be the same or worse elsewhere. One that its breaker pauses is not tried.
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
      const extract = await openUnlessPaused(planned, read, services)
      return { extract, connection: planned.name, passedOver }
    } catch (error) {
      const failure = runError(error, signal)
      if (signal.aborted || failure.kind !== 'transient') throw failure
      const isPaused = failure.code === 'connection-paused'
      // the time that a pause takes is not the time until another one can be reached
      if (first === undefined || (first.code === 'connection-paused' && !isPaused)) first = failure
      if (source.fallbacks.length === 0) throw failure
      const why = isPaused ? 'is not tried' : 'cannot be reached'
      context.log.warn(`The connection "${planned.name}" ${why}: ${failure.message}`, {
        code: failure.code,
        connection: planned.name,
      })
      passedOver.push(
        isPaused
          ? `The connection "${planned.name}" was not tried after its last failures (${failure.code})`
          : `The connection "${planned.name}" could not be reached (${failure.code})`,
      )
    }
  }
  throw first ?? fault('internal', 'A source was opened by nobody')
}

/** @throws BulkheadError what is known of the failure; `connection-paused` */
async function openUnlessPaused(
  planned: PlannedConnection,
  read: ReadRequest,
  services: ConnectionServices,
): Promise<Extract> {
  const { context, signal } = services
  const connection = planned.name
  const breaker: Pick<Breaker, 'run'> = context.breakers?.of(planned) ?? unguarded
  const open = async (): Promise<Extract> => {
    try {
      return await openExtract(planned, read, services)
    } catch (error) {
      const known = runError(error, signal)
      throw context.diagnose?.(known) ?? known
    }
  }
  const onOpened = ({ ms, failures }: Pause): void => {
    context.onSource?.({ what: 'opened', connection })
    const seconds = Math.ceil(ms / 1000)
    context.log.warn(
      `The connection "${connection}" is not tried for ${seconds} s: it failed ${failures} times in a row`,
      { connection },
    )
  }
  const told = (error: unknown): unknown => {
    const { code, kind } = runError(error, signal)
    if (kind !== 'cancelled') context.onSource?.({ what: 'fault', connection, code })
    return error
  }
  try {
    return withReadErrors(await breaker.run(open, onOpened), told)
  } catch (error) {
    throw told(error)
  }
}

const unguarded: Pick<Breaker, 'run'> = { run: (open) => open() }
