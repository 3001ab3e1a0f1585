/** Asks a server for runs, and what became of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunList, RunView } from '@bulkhead/contract'

export interface Question {
  readonly name: string
  /** What its requests hold besides their id. */
  readonly request: Readonly<Record<string, unknown>>
}

export interface WaitingClient {
  /** @returns the run's id; undefined when it was not taken for now */
  ask(question: Question): Promise<string | undefined>
  ended(runId: string): Promise<RunView>
  /** Newest first, 500 at most. */
  runs(application: string, state?: 'queued' | 'running'): Promise<readonly RunView[]>
}

const pollMs = 25

export function waitingClient(url: string, token: string): WaitingClient {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  let asked = 0

  async function get<T>(path: string): Promise<T> {
    const answer = await fetch(`${url}/api/v1${path}`, { headers })
    if (!answer.ok) throw new Error(`The server answered ${answer.status} to ${path}`)
    return (await answer.json()) as T
  }

  return {
    async ask({ name, request }) {
      const body = JSON.stringify({ requestId: `bench-${process.pid}-${++asked}`, ...request })
      const answer = await fetch(`${url}/api/v1/applications/${name}/runs`, { method: 'POST', headers, body })
      const taken = (await answer.json()) as { readonly runId?: string; readonly title?: string }
      if (answer.status === 429) return undefined
      if (taken.runId === undefined) throw new Error(`${name} was answered ${answer.status}: ${taken.title}`)
      return taken.runId
    },
    async ended(runId) {
      for (;;) {
        const run = await get<RunView>(`/runs/${runId}`)
        if (run.finishedAt !== undefined) return run
        await sleep(pollMs)
      }
    },
    async runs(application, state) {
      const query = new URLSearchParams({ limit: '500', ...(state !== undefined && { state }) })
      const { items } = await get<RunList>(`/applications/${application}/runs?${query.toString()}`)
      return items
    },
  }
}
