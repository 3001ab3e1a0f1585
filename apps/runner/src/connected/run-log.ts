import type { Log } from '@bulkhead/connector-sdk'
import type { LogLine } from '@bulkhead/contract'

/** Longest line, characters; the contract's 8 KiB in bytes are kept by cutting what is longer. */
const longestLine = 8 * 1024
/** Most bytes of lines that wait for a heartbeat (I8). */
const mostBytes = 64 * 1024

const levels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof levels)[number]

/** Lines of one run that wait to be told to the server. */
export interface RunLog extends Log {
  /** Of the platform alone: why the run failed. Whoever calls it has redacted it. */
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** Takes out what waits. What there was no room for is counted. */
  take(): { readonly log: LogLine[]; readonly leftOutLines: number }
}

export function createRunLog(least: LogLevel): RunLog {
  let waiting: LogLine[] = []
  let bytes = 0
  let leftOutLines = 0

  const told =
    (level: LogLevel): Log['info'] =>
    (message, fields) => {
      if (levels.indexOf(level) < levels.indexOf(least)) return
      const line = boundedLine({ at: Date.now(), level, message, ...(fields !== undefined && { fields }) })
      const size = Buffer.byteLength(JSON.stringify(line))
      if (bytes + size > mostBytes) {
        leftOutLines++
        return
      }
      waiting.push(line)
      bytes += size
    }

  return {
    debug: told('debug'),
    info: told('info'),
    warn: told('warn'),
    error: told('error'),
    take() {
      const taken = { log: waiting, leftOutLines }
      waiting = []
      bytes = 0
      leftOutLines = 0
      return taken
    },
  }
}

function boundedLine(line: LogLine): LogLine {
  let text: string | undefined
  try {
    text = JSON.stringify(line)
  } catch {
    text = undefined // a circle, or a bigint
  }
  if (text !== undefined && Buffer.byteLength(text) <= longestLine) return line
  const { fields: _fields, message, ...rest } = line
  return { ...rest, message: `${message.slice(0, longestLine / 4)}…` }
}
