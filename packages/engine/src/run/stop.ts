import { type BulkheadError, cancelled, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Clock } from './run-context.ts'

/** After a stop, a connector has so long to give up; then the run goes on without it. */
const graceMs = 4_000
/** All that follows a stop together; ten seconds are promised, and the reply needs a moment. */
const stopMs = 9_000

/** The longest time that a timer of JavaScript can have. */
const longestTimerMs = 2 ** 31 - 1

/**
 * What a connector was asked to do, but not for ever: when the signal has aborted and the connector does
 * not give up in its grace time, the signal's reason is thrown and the work is left to itself.
 */
export async function untilStopped<T>(work: Promise<T>, signal: AbortSignal, grace = graceMs): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    timer = setTimeout(() => reject(signal.reason), grace)
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, late])
  } finally {
    signal.removeEventListener('abort', stop)
    clearTimeout(timer)
  }
}

/** The same for each step of an iteration. Leaving the loop early ends the iteration. */
export async function* iterateUntilStopped<T>(
  iterable: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = iterable[Symbol.asyncIterator]()
  let waits = false
  try {
    for (;;) {
      waits = true
      const step = await untilStopped(iterator.next(), signal)
      waits = false
      if (step.done === true) return
      yield step.value
    }
  } finally {
    // One that failed has ended; one that hangs would let this wait behind what it hangs in.
    if (!waits) await within(async () => iterator.return?.(), graceMs).catch(() => undefined)
  }
}

/**
 * How long the next step of cleaning up may take: a grace time each, but after a stop no more together
 * than what is left of the time that a stop may take.
 */
export function cleanUpTime(signal: AbortSignal, clock: Pick<Clock, 'now'>): () => number {
  let endMs: number | undefined
  const stop = (): void => void (endMs = clock.now() + stopMs)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return () => (endMs === undefined ? graceMs : Math.max(50, Math.min(graceMs, endMs - clock.now())))
}

/** Waits for work at most so long, and then leaves it to itself. */
export async function within(work: () => Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not done after ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Aborts after a time that may be longer than a timer's. */
export function deadline(
  ms: number,
  reason: () => BulkheadError,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  let rest = ms
  let timer: NodeJS.Timeout
  const wait = (): void => {
    const step = Math.min(rest, longestTimerMs)
    rest -= step
    timer = setTimeout(() => (rest > 0 ? wait() : controller.abort(reason())), step)
  }
  wait()
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) }
}

/**
 * The error of the run: when it was stopped that is the reason, whatever a connector threw in its fall.
 * What is no error of ours is a fault in Bulkhead or in a connector, and its message may hold anything,
 * so that it goes to the log and not into a reply.
 */
export function runError(error: unknown, signal?: AbortSignal): BulkheadError {
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason
    return isBulkheadError(reason) ? reason : cancelled(undefined, reason)
  }
  if (isBulkheadError(error)) return error
  const code = systemCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return fault('disk-full', 'No space is left on a disk of this machine', { cause: error })
  return fault('internal', 'A fault in Bulkhead or in a connector ended the run', { cause: error })
}

function systemCode(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') return code
  }
  return undefined
}
