import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { earlierFolders } from '@bulkhead/engine/job/run-folder'
import type { Runners } from '../dispatch/runners.ts'
import type { ExpiredResult, Repository } from '../repository/repository.ts'

export interface RemoveResultsOptions {
  readonly repository: Pick<Repository, 'applicationHeads' | 'expireResults' | 'resultsGone'>
  readonly runners: Pick<Runners, 'cleanUp'>
  /** For metrics. */
  readonly onRemoved: (application: string, outcome: 'removed' | 'failed', results: number) => void
  readonly log: Log
}

/** Results of one application that one task of a runner removes. */
const mostAtOnce = 50
/** What could not be removed is tried again then. */
const retryMs = 10 * 60_000
/** A pass gives out no more after so long; the next one goes on. */
const passMs = 5 * 60_000
/** Applications whose results are removed at the same time: their runners have other work. */
const sideBySide = 2
/** Of results that are tried one by one, because together they could not be removed. */
const mostFailures = 3

/**
 * Has results removed whose time is over, each by a runner of its application (I6), until no more are due; also of
 * applications that were removed, whose revisions are kept. An application
 * for which it fails waits for a later pass, and keeps up no other (I7).
 *
 * @throws BulkheadError of the repository
 */
export async function removeResults(options: RemoveResultsOptions, end: AbortSignal): Promise<void> {
  const { repository } = options
  const failing = new Set<string>()
  const endMs = performance.now() + passMs
  const names = (await repository.applicationHeads()).map(({ application }) => application)
  while (!end.aborted && performance.now() < endMs) {
    const applications = names.filter((name) => !failing.has(name))
    const expired = await repository.expireResults({ applications, most: mostAtOnce, retryMs })
    if (expired.length === 0) return
    const queues = [...Map.groupBy(expired, ({ application }) => application)]
    const worker = async (): Promise<void> => {
      for (let next = queues.shift(); next !== undefined; next = queues.shift()) {
        const [application, results] = next
        if (end.aborted || !(await removeOf(application, results, options))) failing.add(application)
      }
    }
    await Promise.all(Array.from({ length: sideBySide }, worker))
  }
}

/** @returns whether all of them were removed */
async function removeOf(
  application: string,
  results: readonly ExpiredResult[],
  options: RemoveResultsOptions,
): Promise<boolean> {
  const places = Map.groupBy(results, ({ revision, store }) => JSON.stringify([revision, store]))
  for (const [, batch] of places) if (!(await removeBatch(application, batch, options))) return false
  return true
}

async function removeBatch(
  application: string,
  batch: readonly ExpiredResult[],
  options: RemoveResultsOptions,
): Promise<boolean> {
  const error = await remove(application, batch, options)
  if (error === undefined) return true
  // one that cannot be removed must not keep the others; a store that is away has none of them removed
  const isOutage = isBulkheadError(error) && error.kind === 'transient'
  if (batch.length === 1 || isOutage) {
    tellFailed(application, batch, error, options)
    return false
  }
  const failed: ExpiredResult[] = []
  let last: unknown = error
  // not always the same ones first
  const alone = batch.toSorted(() => Math.random() - 0.5)
  for (const one of alone) {
    if (failed.length >= mostFailures) break
    const fault = await remove(application, [one], options)
    if (fault === undefined) continue
    failed.push(one)
    last = fault
  }
  if (failed.length > 0) tellFailed(application, failed, last, options)
  return failed.length === 0
}

/** @returns why not */
async function remove(
  application: string,
  batch: readonly ExpiredResult[],
  { repository, runners, onRemoved, log }: RemoveResultsOptions,
): Promise<unknown> {
  const [{ revision, store } = { revision: '', store: '' }] = batch
  const folders = batch.flatMap(({ runId, epoch }) => earlierFolders(runId, epoch + 1))
  try {
    await runners.cleanUp(application, revision, store, folders)
  } catch (error) {
    return error ?? new Error('Nothing was said')
  }
  await repository.resultsGone(batch.map(({ runId }) => runId))
  onRemoved(application, 'removed', batch.length)
  log.info('Removed results whose time was over', { application, store, results: batch.length })
  return undefined
}

function tellFailed(
  application: string,
  results: readonly ExpiredResult[],
  error: unknown,
  { onRemoved, log }: RemoveResultsOptions,
): void {
  onRemoved(application, 'failed', results.length)
  log.warn('Results whose time was over could not be removed, and are tried again', {
    application,
    store: results[0]?.store,
    runIds: results.slice(0, 20).map(({ runId }) => runId),
    ...(isBulkheadError(error) ? { code: error.code, error: error.message } : { error: String(error) }),
  })
}
