import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import { createReplySender } from '@bulkhead/engine/reply/reply-sender'
import type { OutboxMessage, Repository } from '../repository/repository.ts'
import { gathered } from './gathered.ts'
import { createLane, type Lane, type LaneStatus } from './lane.ts'
import { mostTries, retryDelayMs } from './retry-time.ts'
import { sendMessage, type SendOptions } from './send-message.ts'

export interface RepliesOptions extends Pick<SendOptions, 'applications' | 'runners' | 'secretsOf' | 'now'> {
  /** Name of this server, for the leases of messages. */
  readonly server: string
  /** How long a message that was taken stays with this server, should it die; a try that takes longer may be made twice. */
  readonly leaseMs: number
  readonly repository: Pick<
    Repository,
    'takeMessages' | 'messagesSent' | 'messageFailed' | 'giveBackMessages' | 'onChange'
  >
  readonly clusters: ReadonlyMap<string, KafkaConnection>
  readonly log: Log
}

/** Sends what the outbox holds, until it is stopped. */
export interface Replies {
  status(): readonly LaneStatus[]
  /** Resolves when every message that is due was tried; what failed is another's, later. At the latest after `waitMs`. */
  drain(waitMs: number): Promise<void>
  /** Takes no more, waits a moment for what is being sent, and gives back the rest: it is due again at once, elsewhere. */
  stop(): Promise<void>
}

const most = 100
/** For retries that come due, and for what another server wrote. */
const pollMs = 1000
const outageMs = 2000
/** What is being sent at the stop gets so long; a repository that is away then, no longer. */
const stopMs = 5000

/**
 * The reply room: takes due messages from the outbox, has links made, and sends each by the lane of its destination.
 * At least once, with the same id every time (I3): a message is marked when its destination has it.
 */
export function createReplies(options: RepliesOptions): Replies {
  const { repository, log, now, server, leaseMs } = options
  const lanes = new Map<string, Lane>()
  const sender = createReplySender(options.clusters)
  const stop = new AbortController()
  const sendOptions = { ...options, sender, signal: stop.signal }
  const wake = createWake()
  const unsubscribe = repository.onChange((change) => {
    if (change === 'messages') wake.now()
  })
  /** Taken, and given up with the end of this server. */
  const left: string[] = []
  const roundEnds = new Set<(isLast: boolean) => void>()
  let stopped = false
  let outage = false

  function laneOf({ application, destination }: OutboxMessage): Lane {
    const name = `${application}/${destination}`
    const lane = lanes.get(name) ?? createLane({ name, send, onRoom: () => wake.now(), now })
    lanes.set(name, lane)
    return lane
  }

  async function send(message: OutboxMessage): Promise<boolean> {
    const sent = await sendMessage(message, sendOptions)
    if (sent.is === 'sent') {
      await mark(message.id)
      return true
    }
    // a server that ends has not learnt anything of the destination
    if (stop.signal.aborted) {
      left.push(message.id)
      return true
    }
    const tries = message.tries + 1
    const { error, final, by } = sent
    const givenUp = final || tries >= mostTries
    const retryAt = now() + retryDelayMs(tries, error.retryAfterMs, Math.random())
    log.warn(
      `A reply was not delivered to "${message.destination}" of ${message.application}: ${error.message}`,
      {
        application: message.application,
        runId: message.runId,
        message: message.message,
        code: error.code,
        tries,
        givenUp,
      },
    )
    await keep(() => repository.messageFailed({ id: message.id, error: error.message, retryAt, givenUp }))
    // one that was refused says nothing about the next one
    return by === 'links' || final
  }

  const mark = gathered<string>((ids) => keep(() => repository.messagesSent(ids)))

  /** Unless it is kept the message is sent once more when its lease is over. */
  async function keep(write: () => Promise<void>): Promise<void> {
    for (let attempt = 1; attempt <= 5 && !stop.signal.aborted; attempt++) {
      try {
        return await write()
      } catch (error) {
        told(error)
        await wake.pause(outageMs)
      }
    }
  }

  function told(error: unknown): void {
    if (outage) return
    outage = true
    log.warn(
      `The outbox cannot be reached: ${isBulkheadError(error) ? error.message : 'a fault in Bulkhead'}`,
      {
        // its words may hold anything (I6)
        ...(error instanceof Error && { error: error.name }),
      },
    )
  }

  async function run(): Promise<void> {
    while (!stopped) {
      let taken: readonly OutboxMessage[] = []
      const asking = [...roundEnds]
      let isAnswered = false
      try {
        const except = [...lanes].flatMap(([name, lane]) => (lane.open ? [] : [name]))
        const leaseEndsMs = now() + leaseMs
        taken = await repository.takeMessages({ server, most, leaseMs, except })
        outage = false
        isAnswered = true
        for (const message of taken) laneOf(message).add(message, leaseEndsMs)
      } catch (error) {
        told(error)
        await wake.pause(outageMs)
      }
      for (const end of asking) end(isAnswered && taken.length === 0)
      for (const [name, lane] of lanes) if (lane.idle) lanes.delete(name)
      if (taken.length < most) await wake.wait(pollMs)
    }
  }

  /** @returns whether a look at the outbox, begun from now on, found nothing */
  async function findsNothing(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    roundEnds.add(resolve)
    wake.now()
    const found = await promise
    roundEnds.delete(resolve)
    return found
  }

  async function giveBack(ids: readonly string[]): Promise<void> {
    try {
      await repository.giveBackMessages(ids)
    } catch (error) {
      told(error) // they are due when their leases are over
    }
  }

  const running = run()

  return {
    async drain(waitMs) {
      const isQuiet = (): boolean => [...lanes.values()].every(({ quiet }) => quiet)
      const late = setTimeout(() => roundEnds.forEach((end) => end(true)), waitMs)
      const endMs = performance.now() + waitMs
      while (performance.now() < endMs && !(isQuiet() && (await findsNothing()) && isQuiet())) await sleep(20)
      clearTimeout(late)
    },
    status: () => [...lanes.values()].map((lane) => lane.status()),
    async stop() {
      stopped = true
      unsubscribe()
      wake.now()
      const end = (): void => {
        stop.abort(new Error('The server ends'))
        wake.end()
      }
      const timer = setTimeout(end, stopMs)
      await running
      const notSent = await Promise.all([...lanes.values()].map((lane) => lane.stop()))
      clearTimeout(timer)
      end()
      await giveBack([...left, ...notSent.flat().map(({ id }) => id)])
      await sender[Symbol.asyncDispose]()
    },
  }
}

/** Waits that may be cut short. */
function createWake() {
  let woken = false
  const waiting = new Set<() => void>()
  const pausing = new Set<() => void>()
  const pauseIn = (set: Set<() => void>, ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        set.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      set.add(done)
    })
  return {
    now(): void {
      woken = true
      for (const done of waiting) done()
    },
    /** Until it is woken, or was since the last wait. */
    async wait(ms: number): Promise<void> {
      if (!woken) await pauseIn(waiting, ms)
      woken = false
    },
    /** In spite of wakes. */
    pause: (ms: number): Promise<void> => pauseIn(pausing, ms),
    end(): void {
      for (const done of pausing) done()
    },
  }
}
