import type { OutboxMessage, Repository } from './repository.ts'

/** How whoever sends messages leases them: those that are written with it are his from the beginning. */
export interface MessageLease {
  readonly leaseMs: number
  /** Places, `<application>/<destination>`, that have enough. */
  readonly except: readonly string[]
}

type Take = Parameters<Repository['takeMessages']>[0]

/**
 * Messages that were leased for this server with the end of their run: its reply room has them with its next look, and the
 * database is not asked for what was just told to it.
 */
export interface HandedMessages {
  /** For messages that are written now; undefined: nobody looks for them here, or enough of them wait. */
  lease(): MessageLease | undefined
  put(messages: readonly OutboxMessage[]): void
  /** @returns those for whoever looks, and ids of those that are to be given back */
  take(take: Take): { readonly messages: readonly OutboxMessage[]; readonly back: readonly string[] }
  /** All that is left. */
  end(): readonly string[]
}

/** Somebody who has not looked for so long looks no more. */
const looksWithinMs = 3_000
/** What waited for so long is given back: of its lease too much is over. */
const waitsMs = 1_000
const mostWaiting = 200

/** @param now  milliseconds of a clock that never goes back */
export function handMessages(now: () => number): HandedMessages {
  let waiting: { readonly message: OutboxMessage; readonly sinceMs: number }[] = []
  let last: { readonly lease: MessageLease; readonly atMs: number } | undefined

  return {
    lease() {
      if (last === undefined || now() - last.atMs > looksWithinMs || waiting.length >= mostWaiting)
        return undefined
      return last.lease
    },
    put(messages) {
      const sinceMs = now()
      waiting.push(...messages.map((message) => ({ message, sinceMs })))
    },
    take({ most, leaseMs, except = [] }) {
      last = { lease: { leaseMs, except }, atMs: now() }
      const isGood = ({ message, sinceMs }: (typeof waiting)[number]): boolean =>
        now() - sinceMs <= waitsMs && !except.includes(`${message.application}/${message.destination}`)
      const good = waiting.filter(isGood)
      const back = waiting.filter((one) => !isGood(one))
      waiting = good.slice(most)
      return {
        messages: good.slice(0, most).map(({ message }) => message),
        back: back.map(({ message }) => message.id),
      }
    },
    end() {
      last = undefined
      const ids = waiting.map(({ message }) => message.id)
      waiting = []
      return ids
    },
  }
}
