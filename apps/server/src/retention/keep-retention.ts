import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { parseDuration, type PlatformSpec } from '@bulkhead/contract'
import type { Repository } from '../repository/repository.ts'
import { type RemoveResultsOptions, removeResults } from './remove-results.ts'

const sweepEveryMs = 10 * 60_000
const removeEveryMs = 60_000

export interface KeepRetentionOptions extends RemoveResultsOptions {
  readonly repository: RemoveResultsOptions['repository'] & Pick<Repository, 'sweep'>
  readonly retention: PlatformSpec['retention']
}

/**
 * Removes what is older than it is kept: from the repository what it remembers, from stores results. Now, and again and
 * again until it is ended.
 *
 * @returns what ends it, and resolves when nothing of it is under way
 */
export function keepRetention(options: KeepRetentionOptions): () => Promise<void> {
  const { repository, retention, log } = options
  const end = new AbortController()
  const kept = {
    requestsMs: parseDuration(retention.requests),
    runsMs: parseDuration(retention.runs),
    logsMs: parseDuration(retention.logs),
    revisionsMs: parseDuration(retention.revisions),
  }
  const sweep = async (): Promise<void> => {
    const removed = await repository.sweep(kept)
    if (Object.values(removed).some((count) => count > 0))
      log.info('Removed what was kept long enough', removed)
  }
  const passes = [
    again(sweep, sweepEveryMs, log, end.signal),
    again(() => removeResults(options, end.signal), removeEveryMs, log, end.signal),
  ]
  return async () => {
    end.abort()
    await Promise.all(passes)
  }
}

async function again(pass: () => Promise<void>, everyMs: number, log: Log, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    try {
      await pass()
    } catch (error) {
      // it is tried again; what is kept for longer does no harm
      const why = isBulkheadError(error) ? error.message : 'a fault in Bulkhead'
      log.warn(`What was kept long enough could not be removed: ${why}`, {
        ...(!isBulkheadError(error) && { error: String(error) }),
      })
    }
    await sleep(everyMs, undefined, { signal: end, ref: false }).catch(() => undefined)
  }
}
