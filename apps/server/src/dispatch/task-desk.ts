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
   * @throws BulkheadError what the runner says; `runner-busy` when none answered in time; `runner-died`; the signal's reason
   */
  ask<T>(
    one: ServedApplication,
    question: TaskQuestion,
    answer: z.ZodType<T>,
    limit: { readonly timeMs: number; readonly signal?: AbortSignal },
  ): Promise<T>
  finished(process: RunnerProcess, taskId: string, finish: FinishTask): void
  /** Its tasks are asked of nobody else: whoever asked decides. */
  processGone(process: RunnerProcess): void
}

interface Asked {
  readonly process: RunnerProcess
  readonly settle: (finish: FinishTask | Error) => void
}

/** How often a task without a process looks for one. */
const lookMs = 100

export function createTaskDesk(placeFor: (one: ServedApplication) => Promise<RunnerProcess>): TaskDesk {
  const open = new Map<string, Asked>()

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

  return {
    async ask(one, question, answer, limit) {
      const late = AbortSignal.timeout(limit.timeMs)
      const signal = limit.signal === undefined ? late : AbortSignal.any([limit.signal, late])
      const taskId = randomUUID()
      const { promise, resolve } = Promise.withResolvers<FinishTask | Error>()
      const reasonOf = (): Error =>
        limit.signal?.aborted === true
          ? (limit.signal.reason as Error)
          : fault(
              'runner-busy',
              `No runner of "${one.application.name}" answered in ${limit.timeMs / 1000} s`,
            )
      let process: RunnerProcess
      try {
        process = await place(one, signal)
      } catch (error) {
        throw signal.aborted ? reasonOf() : error
      }
      const stop = (): void => resolve(reasonOf())
      signal.addEventListener('abort', stop, { once: true })
      open.set(taskId, { process, settle: resolve })
      process.tasks.add(taskId)
      try {
        const { environment } = one.application
        process.inbox.put({
          kind: 'task',
          taskId,
          application: one.application.name,
          revision: one.revision,
          ...(environment !== undefined && { environment }),
          ...question,
        })
        const finish = await promise
        if (finish instanceof Error) throw finish
        if ('error' in finish) throw taskError(finish.error)
        return answer.parse(finish.result)
      } finally {
        signal.removeEventListener('abort', stop)
        open.delete(taskId)
        process.tasks.delete(taskId)
        process.busyAtMs = performance.now()
      }
    },
    finished(process, taskId, finish) {
      const asked = open.get(taskId)
      if (asked?.process === process) asked.settle(finish)
    },
    processGone(process) {
      for (const asked of open.values())
        if (asked.process === process)
          asked.settle(fault('runner-died', `A runner of "${process.one.application.name}" died at a task`))
    },
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
