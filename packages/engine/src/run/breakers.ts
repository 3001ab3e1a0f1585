import { hash } from 'node:crypto'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault, formatPath } from '@bulkhead/contract'
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type IBackoff,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel'
import type { PlannedConnection } from '../plan/plan.ts'

/**
 * The circuit breakers of one process of one application: what is known of its connections from run to run. There is
 * one for each connection with its settings, so that an ad hoc request stands in nobody's way.
 */
export interface Breakers {
  /** Undefined for a connection that is tried every time. */
  of(planned: PlannedConnection): Breaker | undefined
  /** Those that have opened at some time, one for each name. */
  told(): ToldBreaker[]
}

export interface Breaker {
  /**
   * Opens a connection, unless it is paused.
   * @param open  throws what is known of its failure; what has `ofConnection` counts, and nothing else
   * @param onOpened  called when it was this failure that opened the breaker
   * @throws BulkheadError `connection-paused` at once, with the time to wait; what `open` throws
   */
  run<T>(open: () => Promise<T>, onOpened: (pause: Pause) => void): Promise<T>
}

export interface Pause {
  readonly ms: number
  /** Faults in a row. */
  readonly failures: number
}

export interface ToldBreaker {
  readonly connection: string
  readonly state: (typeof worse)[number]
  /** When the next try is let through, epoch milliseconds; for `open`. */
  readonly untilMs?: number
}

const worse = ['closed', 'half-open', 'open'] as const
/** Settings that changed again and again, of ad hoc requests (I8). */
const mostBreakers = 100
/** While one try is under way, nobody knows how long it takes. */
const tryMs = 1_000
/** Runs that wait for the same moment come back within so long of each other. */
const jitterMs = 500

export function keepBreakers(): Breakers {
  const all = new Map<string, KeptBreaker>()
  return {
    of(planned) {
      if (planned.breaker.failures === 0) return undefined
      const key = keyOf(planned)
      const breaker = all.get(key) ?? createBreaker(planned)
      // the one that was asked for longest ago makes room
      all.delete(key)
      all.set(key, breaker)
      if (all.size > mostBreakers) all.delete(all.keys().next().value ?? '')
      return breaker
    },
    told() {
      const byName = new Map<string, ToldBreaker>()
      for (const { told } of all.values()) {
        const breaker = told()
        if (breaker === undefined) continue
        const known = byName.get(breaker.connection)
        if (known === undefined || worse.indexOf(known.state) < worse.indexOf(breaker.state))
          byName.set(breaker.connection, breaker)
      }
      return [...byName.values()]
    },
  }
}

interface KeptBreaker extends Breaker {
  readonly told: () => ToldBreaker | undefined
}

function createBreaker(planned: PlannedConnection): KeptBreaker {
  const { name, breaker, limits } = planned
  /** What opened it last. */
  let broken: { readonly error: BulkheadError; readonly untilMs: number } | undefined
  let policy = policyOf(undefined)
  /** When the try that is under way began, milliseconds of the monotonic clock. */
  let tryBeganMs = 0

  function policyOf(initialState: unknown): CircuitBreakerPolicy {
    const made = circuitBreaker(handleWhen(isOfConnection), {
      breaker: new ConsecutiveBreaker(breaker.failures),
      halfOpenAfter: { next: ({ result }) => pauseAfter(result, breaker.openForMs) },
      initialState,
    })
    made.onBreak((reason) => {
      if ('error' in reason && isBulkheadError(reason.error))
        broken = { error: reason.error, untilMs: Date.now() + pauseAfter(reason, breaker.openForMs).duration }
    })
    return made
  }

  function paused(): BulkheadError {
    const restMs = Math.max(
      policy.state === CircuitState.HalfOpen ? tryMs : 0,
      (broken?.untilMs ?? 0) - Date.now(),
    )
    const why = broken === undefined ? '' : ` (${broken.error.code})`
    return fault(
      'connection-paused',
      `The connection "${name}" failed so often in a row${why} that it is not tried for ${Math.ceil(restMs / 1000)} s`,
      {
        path: name === 'ad-hoc' ? planned.path : formatPath(['spec', 'connections', name, 'breaker']),
        retryAfterMs: Math.round(restMs + Math.random() * jitterMs),
        ...(broken !== undefined && { cause: broken.error }),
      },
    )
  }

  return {
    async run(open, onOpened) {
      const tried = policy
      if (tried.state === CircuitState.HalfOpen) {
        // One try is under way, and others have better to do than to wait for it. One that takes longer than it
        // takes to connect has reached the system, which works on a query: that is no reason to hold others up.
        if (performance.now() - tryBeganMs < limits.connectTimeoutMs) throw paused()
        return await open()
      }
      let halfOpen: unknown
      try {
        return await tried.execute(async () => {
          if (tried.state === CircuitState.HalfOpen) {
            halfOpen = tried.toJSON()
            tryBeganMs = performance.now()
          }
          return await open()
        })
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw paused()
        // A wrong password or a cancelled run tells nothing of the system: the next one is the try.
        if (halfOpen !== undefined && policy === tried && !isOfConnection(error)) policy = policyOf(halfOpen)
        if (broken !== undefined && broken.error === error)
          onOpened({ ms: broken.untilMs - Date.now(), failures: breaker.failures })
        throw error
      }
    },
    told() {
      if (broken === undefined) return undefined
      if (policy.state === CircuitState.Closed) return { connection: name, state: 'closed' }
      const isOver = policy.state === CircuitState.HalfOpen || Date.now() >= broken.untilMs
      return isOver
        ? { connection: name, state: 'half-open' }
        : { connection: name, state: 'open', untilMs: broken.untilMs }
    },
  }
}

/** As long as the manifest says, or longer when the system says when it may be asked again. */
function pauseAfter(
  reason: IHalfOpenAfterBackoffContext['result'],
  openForMs: number,
): IBackoff<IHalfOpenAfterBackoffContext> {
  const asked = 'error' in reason && isBulkheadError(reason.error) ? (reason.error.retryAfterMs ?? 0) : 0
  return { duration: Math.max(openForMs, asked), next: ({ result }) => pauseAfter(result, openForMs) }
}

/** Also where a connector brings a copy of the SDK that knows nothing of it. */
function isOfConnection(error: unknown): error is BulkheadError {
  return isBulkheadError(error) && (error.ofConnection as boolean | undefined) === true
}

/** Settings without secrets: where a connection leads does not depend on them. */
function keyOf({ connector, name, limits, config, breaker }: PlannedConnection): string {
  const told = [connector.name, connector.version, connector.folder, name, limits, config, breaker]
  return hash('sha256', JSON.stringify(told), 'base64')
}
