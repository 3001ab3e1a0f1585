import type { Log } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'
import type { Session } from '../session/session.ts'

/** Values that the server cut: by group_concat_max_len, by max_allowed_packet. */
const cut = new Set([1260, 1301])
/** Enough to know what happened. */
const most = 64

/**
 * Looks at the warnings of the result that was just read: what it cut is an error, the rest is noted.
 * Their texts quote data, and stay where they are.
 */
export async function checkWarnings(session: Session, log: Log): Promise<void> {
  const rows = await session.run(`SHOW WARNINGS LIMIT ${most}`)
  const numbers = [...new Set(rows.filter(([level]) => level !== 'Note').map(([, number]) => Number(number)))]
  const found = numbers.find((number) => cut.has(number))
  if (found !== undefined)
    throw mysqlError('mysql-value-cut', `The server did not keep a value whole (${found})`, { path: 'query' })
  if (numbers.length > 0) log.warn('The server has warnings about the query', { numbers })
}
