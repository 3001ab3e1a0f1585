/** A culprit by the requests on its topic: so many are always unanswered, until it is stopped; then each has its reply. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunView } from '@bulkhead/contract'
import type { Act, Felt, Stage } from './culprit.ts'
import { isOver } from './is-over.ts'
import { feltSince } from './felt-since.ts'
import type { CulpritTopics } from './team.ts'
import type { Topics } from './topics.ts'

export interface KeepWriting {
  /** Unanswered requests at any time. */
  readonly backlog: number
  readonly felt: (felt: Felt & { readonly lag: number }) => boolean
  /** Statuses and codes of errors with which its runs may end, besides being cancelled when it is stopped. */
  readonly ends: readonly string[]
  /** Whether its runs end only when they are cancelled. */
  readonly endless: boolean
}

const tickMs = 100
const endMs = 180_000
const cancelsAtOnce = 8

export function keepWriting(
  { served, name }: Stage,
  topics: Topics,
  { requests, group }: CulpritTopics,
  { backlog, felt, ends, endless }: KeepWriting,
): Act {
  const waiting = new Set<string>()
  const ended = new Map<string, string>()
  const stop = new AbortController()
  const window = feltSince(served)
  const faults: string[] = []
  let sent = 0

  function look(): void {
    for (const id of waiting) {
      const reply = topics.answers.get(`${name}/${id}`)
      if (reply === undefined) continue
      waiting.delete(id)
      ended.set(id, reply.status === 'failed' ? (reply.error?.code ?? 'failed') : reply.status)
    }
  }

  async function write(count: number): Promise<void> {
    const ids = Array.from({ length: count }, () => `${name}-${++sent}`)
    for (const id of ids) waiting.add(id)
    await topics.send(
      requests,
      ids.map((requestId) => JSON.stringify({ requestId, job: 'extract' })),
    )
  }

  const feeding = (async () => {
    while (!stop.signal.aborted && served.exit() === undefined) {
      try {
        look()
        if (waiting.size < backlog) await write(backlog - waiting.size)
      } catch (error) {
        faults.push(`${name}: ${String(error)}`)
        return
      }
      await sleep(tickMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()

  async function cancel({ runId }: RunView): Promise<void> {
    const options = { caller: 'culprit', method: 'POST' } as const
    await (await served.call(`/api/v1/runs/${runId}/cancel`, options)).text()
  }

  async function cancelAll(): Promise<void> {
    const open = (await served.runs(name)).filter((run) => !isOver(run))
    const cancelling = Array.from({ length: cancelsAtOnce }, async () => {
      for (let run = open.pop(); run !== undefined; run = open.pop()) await cancel(run)
    })
    await Promise.all(cancelling)
  }

  return {
    async felt() {
      const lag = await topics.lag(requests, group)
      return felt({ ...window.look(await served.runs(name)), refused: 0, lag })
    },
    mark: () => window.mark(),
    async stop() {
      stop.abort()
      await feeding
      const deadline = performance.now() + endMs
      for (look(); waiting.size > 0 && performance.now() < deadline; look()) {
        if (endless) await cancelAll()
        await sleep(tickMs)
      }
      for (const id of waiting) faults.push(`${name}: the request ${id} has no reply`)
      for (const [id, end] of ended)
        if (end !== 'cancelled' && !ends.includes(end))
          faults.push(`${name}: the request ${id} ended ${end}, not ${ends.join(' or ')}`)
      return faults
    },
  }
}
