import type { StoredReply } from '@bulkhead/contract'
import type { Repository } from '../repository/repository.ts'
import { aroundRepository } from './around-repository.ts'

/** What every answer says of a server that is not the real one. */
export interface Mark {
  /** Of every answer over HTTP, refusals and downloads too. */
  readonly headers: Readonly<Record<string, string>>
  /** First of the warnings of every reply, wherever it goes. */
  readonly warning: string
}

/** A repository whose replies carry a warning when they are read, so that none leaves the server without it. */
export function markReplies(repository: Repository, warning: string): Repository {
  const marked = <T extends { readonly reply: StoredReply | undefined }>(one: T): T =>
    one.reply === undefined
      ? one
      : { ...one, reply: { ...one.reply, warnings: [warning, ...one.reply.warnings] } }
  const markedRun = <T extends { readonly is: string }>(taken: T): T =>
    'run' in taken ? { ...taken, run: marked(taken.run as Parameters<typeof marked>[0]) } : taken
  return aroundRepository(repository, {
    accept: async (call, request) => markedRun(await call(request)),
    refuse: async (call, request, reply) => markedRun(await call(request, reply)),
    run: async (call, runId) => {
      const run = await call(runId)
      return run && marked(run)
    },
    runs: async (call, query) => {
      const { items, next } = await call(query)
      return { items: items.map(marked), next }
    },
    takeMessages: async (call, take) => (await call(take)).map(marked),
    messages: async (call, query) => {
      const { items, next } = await call(query)
      return { items: items.map(marked), next }
    },
  })
}
