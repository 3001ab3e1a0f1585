import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg, { type ClientBase, type ClientConfig, type Pool } from 'pg'
import type { Change } from '../repository.ts'

const changes: readonly Change[] = ['queued', 'ended', 'messages', 'commands', 'applications']
/** The first change goes out at once, those of so long after it together: they are news to nobody who was woken just now. */
const gatherMs = 25
const reconnectMs = 500
/** A connection that listens says nothing by itself, so it is asked whether it is still there. */
const aliveEveryMs = 10_000
const aliveWithinMs = 5_000

export interface ChangeChannel extends AsyncDisposable {
  /** Tells other servers. They poll too, so that one that is lost costs time and nothing else. */
  tellOthers(changes: Iterable<Change>): void
  /** Its own, which no call of the repository has to wait for; undefined while there is none. */
  connection(): ClientBase | undefined
}

/**
 * Wakes servers that share a database, by NOTIFY. It is sent after the commit and not in the transaction, whose commits
 * would wait for each other then.
 *
 * @param onChange  called for changes of others, and for everything once it listens, at first and after a time without connection
 */
export function openChangeChannel(
  settings: ClientConfig,
  pool: Pool,
  channel: string,
  onChange: (changes: readonly Change[]) => void,
): ChangeChannel {
  const self = randomUUID()
  const stop = new AbortController()
  const pending = new Set<Change>()
  let sending: Promise<void> | undefined
  let listener: pg.Client | undefined

  const listening = (async () => {
    while (!stop.signal.aborted) {
      await listenOnce().catch(() => undefined)
      await sleep(reconnectMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()

  /** Ends when the connection does. */
  async function listenOnce(): Promise<void> {
    const client = new pg.Client({ ...settings, query_timeout: aliveWithinMs })
    const ended = new Promise<void>((resolve) => {
      client.once('error', () => resolve())
      client.once('end', () => resolve())
    })
    client.on('error', () => undefined)
    client.on('notification', ({ payload = '' }) => {
      const [sender, change] = payload.split(' ')
      const known = changes.find((each) => each === change)
      if (sender !== self && known !== undefined) onChange([known])
    })
    try {
      await client.connect()
      listener = client
      await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      // whatever was told meanwhile was not heard, since the repository was opened at first
      onChange(changes)
      while (!stop.signal.aborted) {
        const over = await Promise.race([
          ended.then(() => true),
          sleep(aliveEveryMs, false, { signal: stop.signal }).catch(() => true),
        ])
        if (over) break
        await client.query('SELECT 1')
      }
    } finally {
      listener = undefined
      await client.end().catch(() => undefined)
    }
  }

  async function send(): Promise<void> {
    while (pending.size > 0) {
      const told = [...pending].map((change) => `${self} ${change}`)
      pending.clear()
      await pool
        .query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [channel, told])
        .catch(() => undefined)
      await sleep(gatherMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    sending = undefined
  }

  return {
    tellOthers(told) {
      for (const change of told) pending.add(change)
      if (pending.size > 0) sending ??= send()
    },
    connection: () => listener,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await listener?.end().catch(() => undefined)
      await Promise.all([listening, sending])
    },
  }
}
