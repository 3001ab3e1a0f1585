import type { OutboxMessage } from '../repository/repository.ts'

/** What is known of a destination for health and metrics. */
export interface LaneStatus {
  /** `<application>/<destination>`. */
  readonly name: string
  readonly waiting: number
  readonly sending: number
  /** Epoch milliseconds until which nothing is sent to it, because it failed again and again. */
  readonly restsUntilMs: number | undefined
}

/** The way to one destination: what is slow or down here holds up no other (I7). */
export interface Lane {
  /** Whether it can do with more now. */
  readonly open: boolean
  /** Nothing waits, and nothing is being sent. */
  readonly quiet: boolean
  /** It is quiet, and not resting. */
  readonly idle: boolean
  add(message: OutboxMessage, leaseEndsMs: number): void
  status(): LaneStatus
  /** Takes nothing on any more; resolves when what is being sent is over. @returns what it did not come to */
  stop(): Promise<readonly OutboxMessage[]>
}

export interface LaneOptions {
  readonly name: string
  /** Sends one; false: the destination failed, perhaps others would fail too. Never throws. */
  readonly send: (message: OutboxMessage) => Promise<boolean>
  /** There is room again. */
  readonly onRoom: () => void
  readonly now: () => number
}

/** At once to one destination; messages about one run go one after the other. */
const atOnce = 16
/** With so many waiting it is not given more. */
const enough = 100
const failuresBeforeRest = 3
const shortestRestMs = 1000
const longestRestMs = 60_000

export function createLane({ name, send, onRoom, now }: LaneOptions): Lane {
  let waiting: { readonly message: OutboxMessage; readonly leaseEndsMs: number }[] = []
  const sending = new Map<string, Promise<void>>()
  let failures = 0
  let restsUntilMs: number | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  /** Until there is room again. */
  let full = false

  function next(): OutboxMessage | undefined {
    // what waited too long is another's by now, or will be given here again
    waiting = waiting.filter(({ leaseEndsMs }) => leaseEndsMs > now())
    const index = waiting.findIndex(({ message }) => !sending.has(message.runId))
    return index === -1 ? undefined : waiting.splice(index, 1)[0]?.message
  }

  function pump(): void {
    // after a rest one goes first, and the others wait for how it fares
    while (!stopped && restsUntilMs === undefined && sending.size < (failures > 0 ? 1 : atOnce)) {
      const message = next()
      if (message === undefined) break
      sending.set(message.runId, sendOne(message))
    }
    if (stopped || !full || restsUntilMs !== undefined || waiting.length > enough / 2) return
    full = false
    onRoom()
  }

  async function sendOne(message: OutboxMessage): Promise<void> {
    const well = await send(message)
    sending.delete(message.runId)
    failures = well ? 0 : failures + 1
    if (failures >= failuresBeforeRest) rest()
    pump()
  }

  function rest(): void {
    const restMs = Math.min(longestRestMs, shortestRestMs * 2 ** Math.min(10, failures - failuresBeforeRest))
    restsUntilMs = now() + restMs
    // they are due again when their lease is over
    waiting = []
    full = true
    clearTimeout(timer)
    timer = setTimeout(() => {
      restsUntilMs = undefined
      pump()
    }, restMs).unref()
  }

  const isQuiet = (): boolean => waiting.length === 0 && sending.size === 0

  return {
    get open() {
      return !stopped && !full
    },
    get quiet() {
      return isQuiet()
    },
    get idle() {
      return isQuiet() && restsUntilMs === undefined
    },
    add(message, leaseEndsMs) {
      if (restsUntilMs !== undefined) return
      waiting.push({ message, leaseEndsMs })
      full ||= waiting.length >= enough
      pump()
    },
    status: () => ({ name, waiting: waiting.length, sending: sending.size, restsUntilMs }),
    async stop() {
      stopped = true
      const left = waiting.map(({ message }) => message)
      waiting = []
      clearTimeout(timer)
      await Promise.all(sending.values())
      return left
    },
  }
}
