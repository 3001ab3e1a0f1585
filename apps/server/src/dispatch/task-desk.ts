import { randomUUID } from 'node:crypto'
import { BulkheadError, type z } from '@bulkhead/connector-sdk'
import { fault, type FinishTask, type TaskWork } from '@bulkhead/contract'
import { NoProcessForTask } from './process-pool.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { RunnerProcess } from './runner-process.ts'

type Without<T> = T extends unknown
  ? Omit<T, 'kind' | 'taskId' | 'application' | 'revision' | 'environment'>
  : never
/** What a task asks, whoever will do it. */
export type TaskQuestion = Without<TaskWork>

/** Tasks that runners do beside runs. */
export interface TaskDesk {
  /**
   * A process that ends, or dies for the first time, was not the last one: the next is asked at once.
   * @throws BulkheadError what the runner says; `runner-busy` when none answered in time; `runner-died`; the signal's reason
   */
  ask<T>(
    one: ServedApplication,
    question: TaskQuestion,
    answer: z.ZodType<T>,
    limit: { readonly timeMs: number; readonly signal?: AbortSignal },
  ): Promise<T>
  finished(process: RunnerProcess, taskId: string, finish: FinishTask): void
  /** It was meant for a process that did not take it. */
  notTaken(process: RunnerProcess, work: TaskWork): void
  processGone(process: RunnerProcess): void
  /** Nobody is asked any more; whoever waits is told so. */
  end(): void
}

/** `ends`: the process will not do it, for it ends; `dead`: perhaps the task was too much for it. */
type Answered = FinishTask | Error | 'ends' | 'dead'

interface Asked {
  readonly process: RunnerProcess
  readonly settle: (answer: Answered) => void
}

/** A task that two processes died at is asked of no third one. */
const mostDeaths = 2
/** How often a task without a process looks for one. */
const lookMs = 100

export function createTaskDesk(placeFor: (one: ServedApplication) => Promise<RunnerProcess>): TaskDesk {
  const open = new Map<string, Asked>()
  const over = new AbortController()

  async function place(one: ServedApplication, signal: AbortSignal): Promise<RunnerProcess> {
    for (;;) {
      signal.throwIfAborted()
      try {
        return await placeFor(one)
      } catch (error) {
        if (!(error instanceof NoProcessForTask)) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  }

  /** Resolves also when `signal` aborts, with its reason. */
  async function askOf(
    process: RunnerProcess,
    one: ServedApplication,
    question: TaskQuestion,
    signal: AbortSignal,
  ): Promise<Answered> {
    const taskId = randomUUID()
    const { promise, resolve } = Promise.withResolvers<Answered>()
    const stop = (): void => resolve(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    open.set(taskId, { process, settle: resolve })
    process.tasks.add(taskId)
    try {
      const { environment, name } = one.application
      process.inbox.put({
        kind: 'task',
        taskId,
        application: name,
        revision: one.revision,
        ...(environment !== undefined && { environment }),
        ...question,
      })
      return await promise
    } finally {
      signal.removeEventListener('abort', stop)
      open.delete(taskId)
      process.tasks.delete(taskId)
      process.busyAtMs = performance.now()
    }
  }

  return {
    async ask(one, question, answer, limit) {
      const { name } = one.application
      const late = AbortSignal.timeout(limit.timeMs)
      const signal = AbortSignal.any([
        late,
        over.signal,
        ...(limit.signal === undefined ? [] : [limit.signal]),
      ])
      try {
        for (let deaths = 0; ;) {
          const answered = await askOf(await place(one, signal), one, question, signal)
          if (answered instanceof Error) throw answered
          if (answered === 'dead' && ++deaths >= mostDeaths)
            throw fault('runner-died', `Runners of "${name}" died at a task`)
          if (typeof answered === 'string') continue
          if ('error' in answered) throw taskError(answered.error)
          return answer.parse(answered.result)
        }
      } catch (error) {
        if (!late.aborted || limit.signal?.aborted === true || over.signal.aborted) throw error
        throw fault('runner-busy', `No runner of "${name}" answered in ${limit.timeMs / 1000} s`)
      }
    },
    finished(process, taskId, finish) {
      const asked = open.get(taskId)
      if (asked?.process !== process) return
      // it was told to end, and gave the task up for that
      const isGivenUp = process.draining && 'error' in finish && finish.error.code === 'cancelled'
      asked.settle(isGivenUp ? 'ends' : finish)
    },
    notTaken(process, work) {
      if (process.draining) open.get(work.taskId)?.settle('ends')
      else process.inbox.put(work)
    },
    processGone(process) {
      for (const asked of open.values())
        if (asked.process === process) asked.settle(process.draining ? 'ends' : 'dead')
    },
    end: () => over.abort(fault('runner-busy', 'The server ends')),
  }
}

function taskError({
  kind,
  code,
  message,
  path,
  fix,
}: Extract<FinishTask, { readonly error: unknown }>['error']): BulkheadError {
  return new BulkheadError({
    kind,
    code,
    message,
    ...(path !== undefined && { path }),
    ...(fix !== undefined && { fix }),
  })
}
