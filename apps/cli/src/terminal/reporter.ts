import type { Log } from '@bulkhead/connector-sdk'
import { faultsOf, renderFaults, type Fault } from './faults.ts'
import { cut, printable } from './printable.ts'
import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import type { Channel } from './terminal.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface ReporterOptions {
  /** `json`: every message is one line of JSON. */
  readonly format: 'text' | 'json'
  /** Messages below it are left out. */
  readonly level: LogLevel
  /** Whether progress is told. */
  readonly progress: boolean
  /** Epoch milliseconds. */
  readonly now?: () => number
}

export interface Progress {
  /** Null when nobody counts them. */
  readonly rows: number | null
  readonly bytes: number
}

/** Tells on standard error what goes on: progress on one line that is written over, logs above it. */
export interface Reporter {
  log(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void
  /** May be called as often as there is news; what is shown is bounded in time. */
  progress(progress: Progress): void
  /** A failure, with all its faults. */
  fail(error: unknown): void
  failWith(faults: readonly Fault[]): void
  /** Leaves no half line behind. To be called before anything is written to standard output. */
  clear(): void
}

const REDRAW_MS = 100 // ten times a second looks alive and costs nothing
const FIRST_PLAIN_MS = 500 // even of a short run a log tells once how it went
const PLAIN_MS = 5_000 // it is read later: a line now and then is enough

export function createReporter(channel: Channel, options: ReporterOptions): Reporter {
  const now = options.now ?? Date.now
  const startedAt = now()
  const least = logLevels.indexOf(options.level)
  const overwrites = channel.interactive && options.format === 'text'
  let shown = ''
  let toldAt = overwrites ? 0 : startedAt - PLAIN_MS + FIRST_PLAIN_MS

  const clear = (): void => {
    if (shown !== '') channel.write('\r\u001B[K')
    shown = ''
  }
  const print = (text: string): void => {
    const line = shown
    clear()
    channel.write(`${text}\n`)
    if (line === '') return
    channel.write(line)
    shown = line
  }
  const printJson = (entry: Readonly<Record<string, unknown>>): void =>
    print(JSON.stringify({ time: new Date(now()).toISOString(), ...entry }, exact))

  const failWith = (faults: readonly Fault[]): void => {
    clear()
    if (options.format === 'text') return print(renderFaults(faults, channel.style))
    const [first, ...others] = faults
    printJson({
      level: 'error',
      message: first?.message,
      error: { ...first, ...(others.length > 0 ? { others } : {}) },
    })
  }

  return {
    log(level, message, details) {
      if (logLevels.indexOf(level) < least) return
      if (options.format === 'json') return printJson({ level, message, ...details })
      print(renderLog(level, message, details, channel))
    },
    progress({ rows, bytes }) {
      const time = now()
      if (
        !options.progress ||
        least > logLevels.indexOf('info') ||
        time - toldAt < (overwrites ? REDRAW_MS : PLAIN_MS)
      )
        return
      toldAt = time
      const elapsedMs = Math.max(1, time - startedAt)
      if (options.format === 'json')
        return printJson({ level: 'info', message: 'progress', rows, bytes, elapsedMs })
      const counted = rows === null ? '' : `${formatCount(rows)} rows  `
      const line = `${counted}${formatBytes(bytes)}  ${formatBytes((bytes * 1000) / elapsedMs)}/s  ${formatDuration(elapsedMs)}`
      if (!overwrites) return print(line)
      clear()
      shown = cut(line, channel.columns - 1)
      channel.write(shown)
    },
    fail(error) {
      failWith(faultsOf(error))
      if (least === 0 && error instanceof Error && options.format === 'text')
        print(channel.style.dim(error.stack ?? ''))
    },
    failWith,
    clear,
  }
}

function renderLog(
  level: LogLevel,
  message: string,
  details: Readonly<Record<string, unknown>> | undefined,
  { style }: Channel,
): string {
  const mark = {
    debug: style.dim('debug: '),
    info: '',
    warn: style.note('warning: '),
    error: style.bad('error: '),
  }[level]
  const rest = Object.entries(details ?? {})
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        ` ${style.dim(`${name}=`)}${printable(typeof value === 'string' ? value : JSON.stringify(value, exact))}`,
    )
    .join('')
  return `${mark}${printable(message)}${rest}`
}

/** Big integers as exact numbers would need another reader: they become text. */
function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

/** A reporter as the log of runner, connectors and file server. */
export function logOf(report: Reporter): Log {
  return {
    debug: (message, details) => report.log('debug', message, details),
    info: (message, details) => report.log('info', message, details),
    warn: (message, details) => report.log('warn', message, details),
  }
}
