import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@bulkhead/connector-sdk'
import { retryDecision } from '@bulkhead/engine/retry/retry-delay'
import { lastOf } from './last-of.ts'
import { mostNoteBytes, type Note, noteBytes, noteOf } from './note.ts'

/**
 * What a run without a server remembers of requests: objects in the application's own store, hidden below
 * `.bulkhead/requests/`, each written once and never changed.
 *
 * | key                        | meaning                                                                  |
 * |----------------------------|--------------------------------------------------------------------------|
 * | `<digest>/<attempt>.json.gz` | how the attempt ended; of all who ran it, who writes first is right (I3) |
 * | `<digest>/<attempt>.sent-<n>` | so many messages about that end were delivered everywhere             |
 */
export interface RequestMemory {
  /** What is known of the request so far. */
  recall(): Promise<Recalled>
  /** @returns what counts: the note that was given, or the one of whoever was first */
  settle(attempt: number, note: Note): Promise<Note>
  /** Number of the next message about the end of an attempt, from 1. */
  nextMessage(attempt: number): Promise<number>
  /** The message has reached all its destinations. Asked again, `nextMessage` gives the one after it. */
  sent(attempt: number, message: number): Promise<void>
}

export interface Recalled {
  /** The last one that came to an end; 0 when there is none. */
  readonly attempt: number
  readonly note: Note | undefined
}

const rules = { attempts: 4, withinMs: 20_000 }

/**
 * @param withStore  opens the store that remembers, and closes it
 * @param digest     of the request's identity
 */
export function createRequestMemory(
  withStore: <T>(work: (store: Store, signal: AbortSignal) => Promise<T>) => Promise<T>,
  digest: string,
): RequestMemory {
  const folder = `.bulkhead/requests/${digest}`
  const noteKey = (attempt: number): string => `${folder}/${attempt}.json.gz`
  const sentKey = (attempt: number, message: number): string => `${folder}/${attempt}.sent-${message}`

  /** What may pass is tried again: a run is not lost because the store was away for a moment. */
  async function patiently<T>(work: (store: Store, signal: AbortSignal) => Promise<T>): Promise<T> {
    const decide = retryDecision(rules)
    const started = performance.now()
    for (let attempts = 1; ; attempts++) {
      try {
        return await withStore(work)
      } catch (error) {
        const delay = decide({ error, attempts, elapsedMs: performance.now() - started })
        if (delay === undefined) throw error
        await sleep(delay)
      }
    }
  }

  async function isThere(store: Store, key: string, signal: AbortSignal): Promise<boolean> {
    return (await store.readStart(key, 1, signal)) !== undefined
  }

  async function read(store: Store, attempt: number, signal: AbortSignal): Promise<Note | undefined> {
    const bytes = await store.readStart(noteKey(attempt), mostNoteBytes, signal)
    return bytes === undefined ? undefined : noteOf(bytes)
  }

  return {
    recall: () =>
      patiently(async (store, signal) => {
        const attempt = await lastOf((number) => isThere(store, noteKey(number), signal))
        return { attempt, note: attempt === 0 ? undefined : await read(store, attempt, signal) }
      }),

    async settle(attempt, note) {
      const bytes = await noteBytes(note)
      const object = { key: noteKey(attempt), contentType: 'application/gzip', bytes }
      return patiently(async (store, signal) => {
        if (await store.createIfAbsent(object, signal)) return note
        return (await read(store, attempt, signal)) ?? note
      })
    },

    nextMessage: (attempt) =>
      patiently(
        async (store, signal) =>
          1 + (await lastOf((number) => isThere(store, sentKey(attempt, number), signal))),
      ),

    sent: (attempt, message) =>
      patiently(async (store, signal) => {
        const bytes = new Uint8Array()
        await store.createIfAbsent(
          { key: sentKey(attempt, message), contentType: 'text/plain', bytes },
          signal,
        )
      }),
  }
}
