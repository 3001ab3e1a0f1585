import type { Log } from '@bulkhead/connector-sdk'
import type { LogLevel } from './run-log.ts'

/**
 * What concerns the process and no run: lines of JSON on standard error, which its server reads, bounds and
 * puts into its own log.
 */
export function createProcessLog(): Log {
  // nobody reads it any more when the server is gone, and to say so would be to write once more
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const told =
    (level: LogLevel): Log['info'] =>
    (message, fields) => {
      process.stderr.write(`${JSON.stringify({ level, message, ...(fields !== undefined && { fields }) })}\n`)
    }
  return { debug: told('debug'), info: told('info'), warn: told('warn') }
}
