import { type ConnectionLimits, durationMs } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'

/** All rows; the server would say so by this number too. */
const noLimit = '18446744073709551615'

/**
 * Statements that begin a read. What the result would depend on is set, whatever server, database
 * and user have set, and a transaction begins that sees one moment and cannot write.
 */
export function beginRead(
  { lockTimeout, idleTimeout }: Config,
  { queryTimeoutMs }: ConnectionLimits,
  maxRows: number | undefined,
): readonly string[] {
  const timeoutMs = Math.min(2_147_483_647, Math.max(1, queryTimeoutMs))
  const lockSeconds = durationMs(lockTimeout) / 1000
  const settings = [
    // How literals are read and texts are sent; the same collation wherever none is given.
    'NAMES utf8mb4 COLLATE utf8mb4_general_ci',
    // Without ANSI_QUOTES and NO_BACKSLASH_ESCAPES: the reader of the query relies on it.
    "sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    "time_zone = '+00:00'",
    "lc_time_names = 'en_US'",
    'default_week_format = 0',
    'div_precision_increment = 4',
    // Shorter ones would cut values, with no more than a warning.
    'group_concat_max_len = 1073741824',
    'sql_auto_is_null = 0',
    'sql_big_selects = 1',
    `sql_select_limit = ${maxRows ?? noLimit}`,
    'autocommit = 1',
    'completion_type = 0',
    `lock_wait_timeout = ${lockSeconds}`,
    `innodb_lock_wait_timeout = ${lockSeconds}`,
    `wait_timeout = ${durationMs(idleTimeout) / 1000}`,
    // A receiver that is slow is not a broken connection: the time of the query is what counts.
    `net_write_timeout = ${Math.min(31_536_000, Math.ceil(timeoutMs / 1000) + 60)}`,
    'net_read_timeout = 600',
  ]
  return [
    `SET ${settings.join(', ')}`,
    // Each server takes the comment that is meant for it: MySQL 5.7.8 and newer, MariaDB.
    `SET /*!50708 max_execution_time = ${timeoutMs} */ /*M! max_statement_time = ${timeoutMs / 1000} */`,
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  ]
}
