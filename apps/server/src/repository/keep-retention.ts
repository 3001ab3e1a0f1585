import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { parseDuration, type PlatformSpec } from '@bulkhead/contract'
import type { Repository } from './repository.ts'

const everyMs = 10 * 60_000

/** Removes now and then what is older than it is kept. @returns what ends it */
export function keepRetention(
  repository: Pick<Repository, 'sweep'>,
  retention: PlatformSpec['retention'],
  log: Log,
): () => void {
  const kept = {
    requestsMs: parseDuration(retention.requests),
    runsMs: parseDuration(retention.runs),
    logsMs: parseDuration(retention.logs),
    revisionsMs: parseDuration(retention.revisions),
  }
  const sweep = async (): Promise<void> => {
    try {
      const removed = await repository.sweep(kept)
      if (Object.values(removed).some((count) => count > 0))
        log.info('Removed what was kept long enough', removed)
    } catch (error) {
      // it is tried again; what is kept for longer does no harm
      if (!isBulkheadError(error)) throw error
      log.warn(`What was kept long enough could not be removed: ${error.message}`)
    }
  }
  const timer = setInterval(() => void sweep(), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
