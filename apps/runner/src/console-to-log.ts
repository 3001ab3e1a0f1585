import { AsyncLocalStorage } from 'node:async_hooks'
import { format } from 'node:util'
import type { Log } from '@bulkhead/connector-sdk'

const levels = { log: 'info', info: 'info', debug: 'debug', warn: 'warn', error: 'warn' } as const

/** Of the work that tells, where several runs share a process. */
const ofWork = new AsyncLocalStorage<Log>()

/** What `work`, and all that it begins, tells the console goes to this log, while `consoleToLog` is in force. */
export function withConsole<T>(log: Log, work: () => T): T {
  return ofWork.run(log, work)
}

/**
 * What the code of an application or a connector tells the console goes to the log, redacted and bounded,
 * until it is disposed of: standard output is for the reply and nothing else.
 */
export function consoleToLog(log: Log): Disposable {
  const methods = Object.keys(levels) as (keyof typeof levels)[]
  const before = methods.map((method) => [method, console[method]] as const)
  for (const method of methods)
    console[method] = (...values: unknown[]) => (ofWork.getStore() ?? log)[levels[method]](format(...values))
  return {
    [Symbol.dispose]() {
      for (const [method, write] of before) console[method] = write
    },
  }
}
