import type { Store } from '@bulkhead/connector-sdk'
import type { Delivery, Request } from '@bulkhead/contract'
import type { Catalog, PlannedConnection } from '@bulkhead/engine'
import { contentDigest } from '@bulkhead/engine/application/content-digest'
import { requestDigest } from '@bulkhead/engine/plan/identity'
import { declaredStore } from '@bulkhead/engine/plan/planned-connection'
import { linkFiles, removeFiles } from '@bulkhead/engine/run/link-files'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { withStore } from '@bulkhead/engine/run/with-store'
import type { OpenedApplication } from '../open-application.ts'
import { type OpenLinks, openStoreLinks } from '../run-in-process.ts'
import { type Answer, errorOfReply, expiredReply, objectsOf } from './answer.ts'
import type { Note } from './note.ts'
import { patience } from './patience.ts'
import { createRequestMemory, type RequestMemory } from './request-memory.ts'

/** A request with what the application's store remembers of it. */
export interface RememberedRequest {
  readonly memory: RequestMemory
  /** Digest of what is asked for. */
  readonly content: string
  /** What a repeat gets whose first attempt came to an end that stays. */
  answerAgain(attempt: number, note: Note): Promise<Answer>
  /** Removes objects of a result that no reply will name. */
  removeResult(outcome: Note['outcome']): Promise<void>
}

/** Looking something up or writing it down; what follows a stop must fit into the time of one. */
const memoryMs = { ms: 60_000, hurriedMs: 2_500 }

/**
 * The first store of the application remembers, whichever store a request names: an id that comes again with
 * another store is found out too. Undefined when the application has none.
 */
export function rememberRequest(
  request: Request,
  run: {
    readonly opened: OpenedApplication
    readonly catalog: Catalog
    readonly context: RunContext
    readonly openLinks: OpenLinks
    readonly stop: AbortSignal
  },
): RememberedRequest | undefined {
  const { opened, catalog, context, openLinks, stop } = run
  const { application, baseFolder } = opened
  const [first] = Object.keys(application.manifest.spec.stores)
  if (first === undefined) return undefined

  async function inStore<T>(
    planned: PlannedConnection,
    work: (store: Store, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using time = patience(stop, memoryMs)
    const { signal } = time
    return await withStore(planned, { ...context, signal }, (store) => work(store, signal))
  }

  const digest = requestDigest(application.name, request.source, request.id)
  const memory = createRequestMemory((work) => inStore(storeNamed(first), work), digest)

  function storeNamed(name: string): PlannedConnection {
    return declaredStore(application, catalog, name, '')
  }

  async function isGone(delivery: Delivery): Promise<boolean> {
    const [object] = delivery.files
    if (object === undefined) return false
    return await inStore(storeNamed(delivery.store), async (store, signal) => {
      return (await store.readStart(object.stored.key, 1, signal)) === undefined
    })
  }

  return {
    memory,
    content: contentDigest(request.data),

    async answerAgain(attempt, { outcome, finishedAtMs }) {
      const { reply, delivery } = outcome
      if (delivery === undefined)
        // the same message once more
        return {
          stored: reply,
          links: [],
          message: reply.status,
          timeMs: finishedAtMs,
          error: errorOfReply(reply),
        }
      const number = await memory.nextMessage(attempt)
      const delivered = (): Promise<void> => memory.sent(attempt, number)
      const message = number === 1 ? reply.status : `answer-${number}`
      const timeMs = context.clock.now()
      if (await isGone(delivery)) {
        const stored = expiredReply(reply)
        const expired = `answer-${Math.max(2, number)}`
        return { stored, links: [], message: expired, timeMs, error: errorOfReply(stored), delivered }
      }
      const planned = storeNamed(delivery.store)
      const signLink = await openStoreLinks(planned, baseFolder, application.name, openLinks)
      using time = patience(stop, memoryMs)
      const { signal } = time
      const links = await linkFiles(planned, delivery, {
        ...context,
        signal,
        ...(signLink !== undefined && { signLink }),
      })
      return { stored: reply, links, message, timeMs, error: undefined, delivered }
    },

    async removeResult(outcome) {
      if (outcome.delivery === undefined) return
      using time = patience(stop, memoryMs)
      const { signal } = time
      await removeFiles(storeNamed(outcome.delivery.store), objectsOf(outcome), { ...context, signal })
    },
  }
}
