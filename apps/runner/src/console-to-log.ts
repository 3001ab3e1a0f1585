import { format } from 'node:util'
import type { Log } from '@bulkhead/connector-sdk'

const levels = { log: 'info', info: 'info', debug: 'debug', warn: 'warn', error: 'warn' } as const

/**
 * What the code of an application or a connector tells the console goes to the log, redacted and bounded,
 * until it is disposed of: standard output is for the reply and nothing else.
 */
export function consoleToLog(log: Log): Disposable {
  const methods = Object.keys(levels) as (keyof typeof levels)[]
  const before = methods.map((method) => [method, console[method]] as const)
  for (const method of methods)
    console[method] = (...values: unknown[]) => log[levels[method]](format(...values))
  return {
    [Symbol.dispose]() {
      for (const [method, write] of before) console[method] = write
    },
  }
}
