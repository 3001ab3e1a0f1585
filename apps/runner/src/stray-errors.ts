import type { Log } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * Takes errors that nobody waits for: thrown in a timer or an event of a connector or of the application's
 * code. They would end the process with a stack on standard error, which may hold anything, and without a
 * reply (I3, I6). Instead they end the run, by the signal.
 */
export function catchStrayErrors(log: Log): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const take = (cause: unknown): void => {
    log.debug('An error that nobody waited for', { cause })
    controller.abort(
      fault('internal', 'Code of a connector or of the application failed where nobody waited for it', {
        cause,
      }),
    )
  }
  process.on('uncaughtException', take)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off('uncaughtException', take),
  }
}
