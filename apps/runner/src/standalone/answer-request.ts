import type { BulkheadError, Link } from '@bulkhead/connector-sdk'
import { fault, type RunOutcome } from '@bulkhead/contract'
import type { Catalog } from '@bulkhead/engine'
import { reach } from '@bulkhead/engine/observe/moments'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { type Executed, executeRun, failedEnd, type KnownRun, outcomeOf } from '../execute-run.ts'
import type { OpenedApplication } from '../open-application.ts'
import type { OpenLinks } from '../run-in-process.ts'
import type { Ended } from '../stored-reply.ts'
import { type Answer, errorOfReply } from './answer.ts'
import { mayRunAgain } from './may-run-again.ts'
import type { RememberedRequest } from './remembered-request.ts'
import type { Recalled } from './request-memory.ts'

/** A run without a server, ready to begin. */
export interface StandaloneRun {
  readonly opened: OpenedApplication
  readonly catalog: Promise<Catalog>
  readonly context: RunContext
  readonly openLinks: OpenLinks
  readonly stateFolder: string
  readonly stop: AbortSignal
  /** Whether the application's store remembers requests. */
  readonly remember: boolean
  /** The process that ran the request ended without a word: nothing is run, and this is the reason. */
  readonly died: BulkheadError | undefined
  readonly onPlan: Parameters<typeof executeRun>[1]['onPlan']
}

type Began = { readonly ended: Ended; readonly executed?: Executed; readonly links: readonly Link[] }

/**
 * What a request gets: the outcome of its run, or of the run that it had before. Of several runs of one request the
 * first that ends is right (I3, I4).
 */
export async function answerRequest(known: KnownRun, run: StandaloneRun): Promise<Answer> {
  const { request } = known
  if (!run.remember || request === undefined) return await firstAnswer(known, await begin(known, run))
  const { rememberRequest } = await import('./remembered-request.ts')
  const { opened, context, openLinks, stop } = run
  const catalog = await run.catalog
  const remembered = rememberRequest(request, { opened, catalog, context, openLinks, stop })
  // an application without a store: the plan says so
  if (remembered === undefined) return await firstAnswer(known, await begin(known, run))
  const recalled = await remembered.memory.recall()
  const { note } = recalled
  if (note !== undefined && note.content !== remembered.content)
    return await reusedAnswer(known, recalled, remembered)
  if (note !== undefined && !mayRunAgain(note.outcome))
    return await remembered.answerAgain(recalled.attempt, note)
  known.attempt = recalled.attempt + 1
  return await settle(known, await begin(known, run), remembered)
}

/** What is said where nothing can be remembered, because not even the request could be read. */
export async function refusedAnswer(
  known: KnownRun,
  thrown: unknown,
  stop: AbortSignal,
  log: RunContext['log'],
): Promise<Answer> {
  return await firstAnswer(known, { ended: failedEnd(known, thrown, stop, log), links: [] })
}

/** Runs it, and makes the links: where that cannot be, the attempt has failed. Never rejects. */
async function begin(known: KnownRun, run: StandaloneRun): Promise<Began> {
  const { opened, catalog, context, openLinks, stateFolder, stop, onPlan, died } = run
  const { request } = known
  try {
    if (request === undefined) throw new Error('There is no request')
    if (died !== undefined) {
      const { sweepDeadRun } = await import('./sweep-dead-run.ts')
      await sweepDeadRun(request, { opened, catalog: await catalog, context })
      throw died
    }
    const executed = await executeRun(known, {
      opened,
      request,
      catalog,
      openLinks,
      stateFolder,
      context,
      ...(onPlan !== undefined && { onPlan }),
    })
    return { ended: executed.ended, executed, links: await linksTo(executed) }
  } catch (error) {
    return { ended: failedEnd(known, error, died === undefined ? stop : unstopped, context.log), links: [] }
  }
}

const unstopped = new AbortController().signal

async function linksTo({ ended, context }: Executed): Promise<readonly Link[]> {
  const { plan, result } = ended
  const files = [...result.files, ...(result.manifest === undefined ? [] : [result.manifest])]
  // what a run needs when its rows are through is loaded then, so that the first one is not kept waiting
  const { linkFiles, removeFiles } = await import('@bulkhead/engine/run/link-files')
  const { urlExpiresInSeconds, store } = plan
  try {
    return await linkFiles(store, { store: store.name, urlExpiresInSeconds, files }, context)
  } catch (error) {
    // a failed attempt leaves nothing (I5)
    const objects = files.map(({ stored }) => stored)
    await removeFiles(store, objects, context)
    throw error
  }
}

/** Writes down how the attempt ended, unless somebody did: then that counts, and what this one made is removed. */
async function settle(known: KnownRun, began: Began, remembered: RememberedRequest): Promise<Answer> {
  const { memory, content } = remembered
  for (;;) {
    const { outcome, finishedAtMs } = await outcomeOf(known, began.ended)
    reach('before-finish')
    const kept = await memory.settle(known.attempt, { version: 1, content, finishedAtMs, outcome })
    reach('after-finish')
    const { attempt } = known
    if (kept.outcome.reply.runId === known.runId) {
      const answer = ownAnswer(outcome, finishedAtMs, began)
      return {
        ...answer,
        ...(outcome.delivery !== undefined && { delivered: () => memory.sent(attempt, 1) }),
      }
    }
    if (kept.content !== content) {
      await remembered.removeResult(outcome)
      return await reusedAnswer(known, { attempt, note: kept }, remembered)
    }
    if (mayRunAgain(kept.outcome) && !mayRunAgain(outcome)) {
      // the other one failed where this one did not: it is the next attempt, and has been made already
      known.attempt++
      continue
    }
    await remembered.removeResult(outcome)
    return await remembered.answerAgain(attempt, kept)
  }
}

async function firstAnswer(known: KnownRun, began: Began): Promise<Answer> {
  const { outcome, finishedAtMs } = await outcomeOf(known, began.ended)
  return ownAnswer(outcome, finishedAtMs, began)
}

function ownAnswer({ reply }: RunOutcome, timeMs: number, { ended, links }: Began): Answer {
  const error = reply.error === undefined ? undefined : 'error' in ended ? ended.error : errorOfReply(reply)
  return {
    stored: reply,
    links: reply.result === undefined ? [] : links,
    message: reply.status,
    timeMs,
    error,
  }
}

/** Same id, other content: the first one stays as it is. The same mistake again gets the same message. */
async function reusedAnswer(
  known: KnownRun,
  { attempt }: Recalled,
  { content }: RememberedRequest,
): Promise<Answer> {
  known.attempt = attempt
  const error = fault('request-id-reused', 'Another request with other content had this id', {
    path: 'requestId',
  })
  const ended: Ended = { status: 'failed', plan: undefined, error, warnings: [] }
  const answer = await firstAnswer(known, { ended, links: [] })
  return { ...answer, message: `reused-${content.slice(0, 16)}` }
}
