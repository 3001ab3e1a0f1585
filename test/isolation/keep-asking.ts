/** A culprit by its runs: some of them are always unanswered, until it is stopped; then each has its reply. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyEvent, RunAccepted, RunView } from '@bulkhead/contract'
import { isOver } from './is-over.ts'
import type { Act, Felt, Stage } from './culprit.ts'
import { feltSince } from './felt-since.ts'

export interface KeepAsking {
  /** Unanswered requests at any time: more than it may run at once. */
  readonly backlog?: number
  /** Most requests that it sends at once. */
  readonly atOnce?: number
  readonly felt: (felt: Felt) => boolean
  /** Statuses and codes of errors with which its runs may end. Being cancelled, when it is stopped, is always one. */
  readonly ends: readonly string[]
}

const tickMs = 100
const endMs = 120_000
const reached = new Set([202, 409, 404])

export function keepAsking({ served, name, folder }: Stage, options: KeepAsking): Act {
  const { backlog = 24, atOnce = 2 } = options
  const path = `/api/v1/applications/${name}/runs`
  const accepted = new Map<string, string>()
  const over = new Set<string>()
  const stop = new AbortController()
  let runs: readonly RunView[] = []
  const window = feltSince(served)
  let refused = 0
  let sent = 0
  const broken: string[] = []

  async function look(): Promise<void> {
    runs = await served.runs(name)
    for (const run of runs) if (isOver(run)) over.add(run.runId)
  }

  async function post(): Promise<void> {
    const requestId = `${name}-${++sent}`
    const body = { requestId, job: 'extract' }
    const answer = await served.call(path, { caller: 'culprit', method: 'POST', body })
    const text = await answer.text()
    if (answer.status === 202) accepted.set((JSON.parse(text) as RunAccepted).runId, requestId)
    else if (answer.status === 429) refused += 1
    else broken.push(`${name}: a request was answered ${answer.status} ${text.slice(0, 200)}`)
  }

  const feeding = (async () => {
    while (!stop.signal.aborted && served.exit() === undefined) {
      try {
        await look()
        const lacking = Math.min(atOnce, backlog - (accepted.size - over.size))
        await Promise.all(Array.from({ length: Math.max(0, lacking) }, post))
      } catch (error) {
        broken.push(`${name}: ${String(error)}`)
        return
      }
      await sleep(tickMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()

  async function cancelAll(): Promise<void> {
    for (const runId of accepted.keys()) {
      if (over.has(runId)) continue
      for (;;) {
        const answer = await served.call(`/api/v1/runs/${runId}/cancel`, {
          caller: 'culprit',
          method: 'POST',
        })
        await answer.text()
        if (reached.has(answer.status)) break
        await sleep(tickMs)
      }
    }
  }

  return {
    felt: () => Promise.resolve(options.felt({ ...window.look(runs), refused })),
    mark() {
      window.mark()
      refused = 0
    },
    async stop() {
      stop.abort()
      await feeding
      await cancelAll()
      const deadline = performance.now() + endMs
      let replies = await repliesIn(join(folder, 'replies'))
      while (replies.size < accepted.size && performance.now() < deadline) {
        await sleep(tickMs)
        await look()
        replies = await repliesIn(join(folder, 'replies'))
      }
      const faults = [...broken]
      for (const [runId, requestId] of accepted) {
        const end = replies.get(requestId)
        if (end === undefined)
          faults.push(`${name}: run ${runId} has no reply; it is ${stateOf(runs, runId)}`)
        else if (end !== 'cancelled' && !options.ends.includes(end))
          faults.push(`${name}: run ${runId} ended ${end}, not ${options.ends.join(' or ')}`)
      }
      return faults
    },
  }
}

function stateOf(runs: readonly RunView[], runId: string): string {
  return runs.find((run) => run.runId === runId)?.state ?? 'not listed'
}

/** By request, the code of the error or else the status. */
async function repliesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder).catch((): string[] => [])
  const replies = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name): Promise<[string, string]> => {
      const { data } = JSON.parse(await readFile(join(folder, name), 'utf8')) as ReplyEvent
      return [data.requestId, data.status === 'failed' ? (data.error?.code ?? 'failed') : data.status]
    })
  return new Map(await Promise.all(replies))
}
