import type { FinalState, RunState } from '@bulkhead/contract'

/** What happens to a run. */
export type RunEvent =
  /** A server took it for one of its runners. */
  | 'claimed'
  /** Its runner died, or its lease ran out; it may be begun again. */
  | 'lost'
  /** As `lost`, once too often. */
  | 'given-up'
  /** Somebody wants it ended; one that is under way goes on until its runner has cleaned up. */
  | 'cancel-asked'
  /** Its runner said how it ended. */
  | `finished-${FinalState}`
  /** It was answered with the result of an identical request, and never begun. */
  | 'reused-completed'
  | 'reused-completed-with-errors'

/** The state after an event; undefined where it cannot happen, and whoever reports it is wrong. */
type Row = Readonly<Record<RunEvent, RunState | undefined>>

const over: Row = {
  claimed: undefined,
  lost: undefined,
  'given-up': undefined,
  'cancel-asked': undefined,
  'finished-completed': undefined,
  'finished-completed-with-errors': undefined,
  'finished-failed': undefined,
  'finished-cancelled': undefined,
  'reused-completed': undefined,
  'reused-completed-with-errors': undefined,
}

/** Every state with every event: none is without a way out, but for those that are an end (I10). */
export const runTransitions: Readonly<Record<RunState, Row>> = {
  queued: {
    ...over,
    claimed: 'running',
    'cancel-asked': 'cancelled',
    // refused before a runner had it: its application is gone, its time is over
    'finished-failed': 'failed',
    'reused-completed': 'completed',
    'reused-completed-with-errors': 'completed-with-errors',
  },
  running: {
    ...over,
    lost: 'queued',
    'given-up': 'failed',
    'cancel-asked': 'running',
    'finished-completed': 'completed',
    'finished-completed-with-errors': 'completed-with-errors',
    'finished-failed': 'failed',
    'finished-cancelled': 'cancelled',
  },
  completed: over,
  'completed-with-errors': over,
  failed: over,
  cancelled: over,
}

export function nextRunState(state: RunState, event: RunEvent): RunState | undefined {
  return runTransitions[state][event]
}

/** Whether an attempt of this state has its outcome (I3). */
export function isFinal(state: RunState): state is FinalState {
  return Object.values(runTransitions[state]).every((next) => next === undefined)
}
