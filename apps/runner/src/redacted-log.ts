import { inspect } from 'node:util'
import type { Log } from '@bulkhead/connector-sdk'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/** A line is read by people; what is longer is a mistake, and the memory of whoever keeps it (I8). */
const longestText = 4_000
const deepest = 4

/** A log from which every secret that the redactor knows is taken out (I6), bounded. */
export function redactedLog(log: Log, redactor: Redactor): Log {
  const told =
    (level: keyof Log): Log[keyof Log] =>
    (message, details) =>
      log[level](
        redactor.redact(bounded(message)),
        details === undefined
          ? undefined
          : (redactor.redactData(plain(details, deepest)) as Readonly<Record<string, unknown>>),
      )
  return { debug: told('debug'), info: told('info'), warn: told('warn') }
}

/** Plain data alone, because an object of some class shows what it likes. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return bounded(value)
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value
  if (depth === 0) return '[...]'
  if (value instanceof Error) return bounded(value.stack ?? value.message)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => plain(item, depth - 1))
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return bounded(inspect(value, { depth: 1, breakLength: Infinity }))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 100)
      .map(([key, item]) => [bounded(key), plain(item, depth - 1)]),
  )
}

function bounded(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}
