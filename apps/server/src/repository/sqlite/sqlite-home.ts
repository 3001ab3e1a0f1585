import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fault } from '@bulkhead/contract'
import type { Home } from '../home.ts'
import { createListeners } from '../listeners.ts'
import type { ArgsOf, OperationName, ResultOf } from '../operations/operations.ts'
import { type FromThread, receivedError, toldWhenAsked, type ToThread } from './messages.ts'

/** Calls that wait at once, and bytes of their texts; more is a server that takes faster than a disk can (I8). */
const mostWaiting = 20_000
const mostWaitingBytes = 256 * 1024 * 1024

export interface SqliteHomeOptions {
  readonly path: string
  readonly clock: () => number
  readonly onListenerError: (error: unknown) => void
}

interface Waiting {
  readonly bytes: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * The repository in a file that this process has alone.
 *
 * @throws BulkheadError `repository-in-use`, `repository-newer`, `repository-unusable`
 */
export async function openSqliteHome(options: SqliteHomeOptions): Promise<Home> {
  const { path, clock } = options
  const listeners = createListeners(options.onListenerError)
  const waiting = new Map<number, Waiting>()
  let waitingBytes = 0
  let last = 0
  /** What is asked in one turn of the loop goes together: it is one commit. */
  let outgoing: ToThread[] = []
  let closed: Error | undefined

  // beside this file, as source or compiled
  const worker = new Worker(new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { path },
    name: 'bulkhead-repository',
  })
  const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()))
  const opened = Promise.withResolvers<void>()
  worker.on('message', (message: FromThread) => {
    if ('opened' in message) opened.resolve()
    else if ('failedToOpen' in message) opened.reject(receivedError(message.failedToOpen))
    else {
      for (const answer of message.answers) {
        const call = waiting.get(answer.call)
        waiting.delete(answer.call)
        waitingBytes -= call?.bytes ?? 0
        if ('error' in answer) call?.reject(receivedError(answer.error))
        else call?.resolve(answer.result)
      }
      listeners.tell(message.changes)
    }
  })
  worker.once('error', (cause) => end(unavailable('The thread of the repository broke', cause)))
  worker.once('exit', () => end(unavailable('The repository is closed')))

  function end(error: Error): void {
    closed ??= error
    opened.reject(closed)
    for (const { reject } of waiting.values()) reject(closed)
    waiting.clear()
  }

  function ask(message: (call: number) => ToThread, bytes = 0): Promise<unknown> {
    if (closed !== undefined) return Promise.reject(closed)
    if (waiting.size >= mostWaiting || waitingBytes + bytes > mostWaitingBytes)
      return Promise.reject(unavailable(`${waiting.size} calls of the repository wait already`))
    const call = ++last
    waitingBytes += bytes
    const answered = new Promise<unknown>((resolve, reject) => waiting.set(call, { bytes, resolve, reject }))
    send(message(call))
    return answered
  }

  function send(message: ToThread): void {
    if (outgoing.push(message) > 1) return
    setImmediate(() => {
      worker.postMessage(outgoing)
      outgoing = []
    })
  }

  async function call<Name extends OperationName>(name: Name, args: ArgsOf<Name>): Promise<ResultOf<Name>> {
    const asked = ask((number) => ({ call: number, name, args, nowMs: clock() }), sizeOf(args))
    // who asks now is answered after this call, out of the same commit
    listeners.tell(toldWhenAsked[name] ?? [])
    return (await asked) as ResultOf<Name>
  }

  await opened.promise
  return {
    call,
    async check() {
      await call('lastFired', { application: '', trigger: '' })
      return `SQLite ${process.versions['sqlite'] ?? ''}, ${path}`
    },
    async backup(to) {
      await ask((number) => ({ backup: number, path: to }))
    },
    onChange: (listener) => listeners.add(listener),
    async [Symbol.asyncDispose]() {
      if (closed === undefined) send({ close: true })
      closed ??= unavailable('The repository is closed')
      await ended
    },
  }
}

/** Of the texts that can be long. */
function sizeOf(args: unknown): number {
  if (Array.isArray(args))
    return (args as { readonly text?: string }[]).reduce((sum, { text }) => sum + (text?.length ?? 0), 0)
  const { request } = (args ?? {}) as { readonly request?: { readonly body?: string } }
  return request?.body?.length ?? 0
}

function unavailable(message: string, cause?: unknown): Error {
  return fault('repository-unavailable', message, { cause })
}
