import type { Log } from '@bulkhead/connector-sdk'

/** The server's own log: the log that connectors and runners have too, and errors. */
export interface ServerLog extends Log {
  error(message: string, details?: Readonly<Record<string, unknown>>): void
  /** The same log with details on each line: `application`, `runId`, `requestId`, `traceId`. */
  with(details: Readonly<Record<string, unknown>>): ServerLog
}

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

export interface ServerLogOptions {
  readonly level: Level
  /** Takes one line with its end. */
  readonly write: (line: string) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Longer ones are cut (I8). */
const LONGEST_TEXT = 2_000
const MOST_DETAILS = 40
const LONGEST_LINE = 16_000

/**
 * One JSON object a line: `time`, `level`, `message`, then the details. What others wrote cannot begin a line of its
 * own, for JSON escapes line breaks; times and ids can be searched for by name.
 */
export function createServerLog(options: ServerLogOptions): ServerLog {
  return logWith(options, {})
}

function logWith(options: ServerLogOptions, common: Readonly<Record<string, unknown>>): ServerLog {
  const least = levels.indexOf(options.level)
  const tell =
    (level: Level) =>
    (message: string, details: Readonly<Record<string, unknown>> = {}): void => {
      if (levels.indexOf(level) < least) return
      const time = new Date(options.now()).toISOString()
      options.write(`${lineOf({ time, level, message: cut(message) }, { ...common, ...details })}\n`)
    }
  return {
    debug: tell('debug'),
    info: tell('info'),
    warn: tell('warn'),
    error: tell('error'),
    with: (details) => logWith(options, { ...common, ...details }),
  }
}

/** A detail named like a part of every line must not take its place. */
function lineOf(head: Readonly<Record<string, unknown>>, details: Readonly<Record<string, unknown>>): string {
  const kept = Object.entries(details)
    .filter(([name, value]) => value !== undefined && !Object.hasOwn(head, name))
    .slice(0, MOST_DETAILS)
  try {
    const line = JSON.stringify({ ...head, ...Object.fromEntries(kept) }, plain)
    return line.length <= LONGEST_LINE ? line : JSON.stringify({ ...head, detailsLeftOut: kept.length })
  } catch {
    // a detail that contains itself: the message matters more
    return JSON.stringify({ ...head, detailsLeftOut: kept.length })
  }
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return cut(value)
  // its stack would show paths; whoever logs an error chooses what of it
  if (value instanceof Error) return { name: value.name, message: cut(value.message) }
  return value
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`
}
