import { setTimeout as pause } from 'node:timers/promises'
import {
  type EventView,
  eventViewSchema,
  exitCodes,
  fault,
  type RunView,
  runViewSchema,
} from '@bulkhead/contract'
import { readEventStream } from '../server/event-stream.ts'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { renderRun, runPath } from './runs.ts'

/** A stream that ends early is opened again where it ended; one that brings nothing several times is given up. */
const MOST_EMPTY = 5
const AGAIN_MS = 1_000
const DATA_EXIT = exitCodes.record // rows were left out

/** Follows a run until it is over. */
export async function watchRun(
  run: string,
  options: ServerOptions,
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const client = await serverClient(options, terminal)
  let lastSeen: string | undefined
  for (let empty = 0; empty < MOST_EMPTY; empty++) {
    const response = await client.open('GET', `${runPath(run)}/watch`, {
      headers: { Accept: 'text/event-stream', ...(lastSeen !== undefined && { 'Last-Event-ID': lastSeen }) },
    })
    if (response.body === null) throw fault('server-answer-invalid', `${client.url} sends no stream`)
    try {
      for await (const { id, event, data } of readEventStream(response.body)) {
        empty = 0
        if (id !== undefined) lastSeen = id
        if (event === 'history') tell(eventViewSchema.parse(JSON.parse(data)), report)
        if (event === 'progress') report.progress(JSON.parse(data) as Parameters<Reporter['progress']>[0])
        if (event === 'run') return answerOf(runViewSchema.parse(JSON.parse(data)))
      }
    } catch (error) {
      terminal.signal.throwIfAborted()
      report.log('debug', 'The stream was cut off', { reason: String(error) })
    }
    await pause(AGAIN_MS, undefined, { signal: terminal.signal })
  }
  throw fault('server-unreachable', `The server at ${client.url} ends the stream again and again`)
}

function tell({ at, type, actor, data }: EventView, report: Reporter): void {
  report.log('info', type, { at, actor, ...data })
}

function answerOf(run: RunView): Answer {
  const { kind } = run.reply?.error ?? {}
  const exitCode =
    run.state === 'completed'
      ? 0
      : kind === undefined
        ? run.state === 'failed'
          ? exitCodes.bug
          : DATA_EXIT
        : exitCodes[kind]
  return { value: run, text: (style) => renderRun(run, style), exitCode }
}
