import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { fault, type EventView, type RunView } from '@bulkhead/contract'
import { isFinal } from '@bulkhead/engine/job/run-state'
import type { Repository, RunRecord } from '../repository/repository.ts'
import type { Handlers } from './call.ts'
import { eventView, runView } from './views.ts'

export interface WatchOptions {
  readonly repository: Pick<Repository, 'run' | 'events' | 'onChange'>
  readonly now: () => number
  /** Shorter in tests. */
  readonly pauses?: { readonly leastMs: number; readonly mostMs: number }
}

/** Followers of one server, and of one caller: each holds a connection and asks the repository now and then (I8). */
const MOST_WATCHERS = 500
const MOST_OF_CALLER = 20
/** A follower that takes nothing for so long is gone. */
const SLOW_MS = 30_000
/** A stream ends after this time and is resumed by the follower, so that a revoked token does not look on for ever. */
const LONGEST_MS = 15 * 60_000
const COMMENT_MS = 15_000
const PAGE = 200
const pausesOfServer = { leastMs: 500, mostMs: 2_000 }

export interface Watching {
  readonly handlers: Handlers<'watchRun'>
  /** Ends all streams: the server ends. */
  close(): void
}

/**
 * Follows runs as Server-Sent Events: `history` with the sequence number as id, by which a follower goes on where it
 * was cut off; `progress`; and `run` when the run is over, the last one.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createWatching(options: WatchOptions): Watching {
  const { repository, now, pauses = pausesOfServer } = options
  const watchers = new Map<AbortController, string>()
  const wakers = new Set<() => void>()
  const stopListening = repository.onChange(() => {
    for (const wake of wakers) wake()
  })

  return {
    handlers: {
      async watchRun({ run, headers, caller, signal, stream }) {
        const after = lastSeen(headers['last-event-id'])
        const own = [...watchers.values()].filter((key) => key === caller.key).length
        if (watchers.size >= MOST_WATCHERS || own >= MOST_OF_CALLER)
          throw fault(
            'too-many-requests',
            `${own} runs are followed by this caller, ${watchers.size} by all`,
            {
              fix: 'Follow fewer runs at once, or ask for them now and then',
            },
          )
        const ending = new AbortController()
        watchers.set(ending, caller.key)
        try {
          await follow(run, after, stream(), AbortSignal.any([signal, ending.signal]))
        } finally {
          watchers.delete(ending)
        }
        return 'streamed'
      },
    },
    close() {
      stopListening()
      for (const ending of watchers.keys()) ending.abort()
    },
  }

  async function follow(
    first: RunRecord,
    begin: number,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const end = now() + LONGEST_MS
    let after = begin
    let run = first
    let toldProgress = ''
    let wroteAt = now()
    const write = async (text: string): Promise<void> => {
      wroteAt = now()
      if (!response.write(text)) await drained(response, signal)
    }
    try {
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        Connection: 'close',
        'X-Accel-Buffering': 'no',
      })
      await write('retry: 2000\n\n')
      while (!signal.aborted) {
        // the run first: what is in its history when it is over, is read after it
        run = (await repository.run(run.runId)) ?? run
        for (;;) {
          const { items, next } = await repository.events({ runId: run.runId, after, most: PAGE })
          for (const event of items) {
            await write(frame('history', eventView(event), event.sequence))
            after = event.sequence
          }
          if (next === undefined || signal.aborted) break
        }
        if (isFinal(run.state)) {
          await write(frame('run', runView(run, now())))
          break
        }
        const progress = JSON.stringify(run.progress)
        if (run.progress !== undefined && progress !== toldProgress)
          await write(`event: progress\ndata: ${progress}\n\n`)
        toldProgress = progress ?? ''
        if (now() >= end) break
        if (now() - wroteAt >= COMMENT_MS) await write(': \n\n')
        await pause(signal)
      }
    } catch (error) {
      // the answer has begun: the follower sees it end, and comes again
      if (!signal.aborted) throw error
    } finally {
      response.end()
    }
  }

  /** Until something changed, but not at once and not for ever: a busy repository changes all the time. */
  async function pause(signal: AbortSignal): Promise<void> {
    // a signal that is over tells nobody again
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const begin = now()
      let timer = setTimeout(end, pauses.mostMs)
      const wake = (): void => {
        clearTimeout(timer)
        timer = setTimeout(end, Math.max(0, pauses.leastMs - (now() - begin)))
      }
      function end(): void {
        clearTimeout(timer)
        wakers.delete(wake)
        signal.removeEventListener('abort', end)
        resolve()
      }
      wakers.add(wake)
      signal.addEventListener('abort', end, { once: true })
    })
  }
}

function frame(event: string, data: EventView | RunView, id?: number): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** @throws BulkheadError `call-invalid` */
function lastSeen(header: string | string[] | undefined): number {
  if (header === undefined || header === '') return 0
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  throw fault('call-invalid', 'Last-Event-ID is not a number that came from here', { path: 'Last-Event-ID' })
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(SLOW_MS)
  try {
    // a connection that is closed drains no more; its call is aborted with it
    await once(response, 'drain', { signal: AbortSignal.any([signal, late]) })
  } catch (error) {
    if (late.aborted) response.destroy()
    if (!signal.aborted) throw error
  }
}
