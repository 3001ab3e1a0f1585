import { durationMs } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import type { Statement } from '../session/session.ts'

/**
 * Begins the transaction of a read: read-only, one moment for all its statements. All settings end
 * with the transaction, so that a pooler between us and the server mixes nothing up. They make the
 * output the same whatever the server, the database or the user have set.
 */
export function beginRead(
  config: Config,
  serverVersion: string,
  queryTimeoutMs: number,
): readonly Statement[] {
  const settings: Record<string, string> = {
    statement_timeout: String(Math.min(2_147_483_647, Math.max(1, Math.trunc(queryTimeoutMs)))),
    lock_timeout: String(durationMs(config.lockTimeout)),
    idle_in_transaction_session_timeout: String(durationMs(config.idleTimeout)),
    standard_conforming_strings: 'on',
    // Only the style: the order of day and month in a query's own literals stays as the server has it.
    DateStyle: 'ISO',
    IntervalStyle: 'postgres',
    // The shortest text that is the same number again; before version 12 that took the most digits.
    extra_float_digits: Number.parseInt(serverVersion, 10) < 12 ? '3' : '1',
    bytea_output: 'hex',
    // Another session that reads the same table must not change where this one begins.
    synchronize_seqscans: 'off',
    ...(config.searchPath === undefined ? {} : { search_path: config.searchPath.map(quoteName).join(', ') }),
  }
  const list = Object.keys(settings).map(
    (name, index) => `pg_catalog.set_config('${name}', $${index + 1}, true)`,
  )
  return [
    { run: 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY' },
    { run: `SELECT ${list.join(', ')}`, values: Object.values(settings) },
    // Alone, because it is the only one that a server may refuse.
    { run: `SELECT pg_catalog.set_config('TimeZone', $1, true)`, values: [config.timeZone] },
  ]
}

/** Whether the zone is UTC under one of its usual names. */
export function isUtc(timeZone: string): boolean {
  return /^(etc\/)?(utc|uct|zulu|universal)$/i.test(timeZone)
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
