import { type BulkheadError, isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { fault, type Request, requestIdentityOf, type RunOutcome } from '@bulkhead/contract'
import type { Catalog, Plan } from '@bulkhead/engine'
import { checkLock } from '@bulkhead/engine/application/lock'
import { runPlan } from '@bulkhead/engine/run/run'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { runError } from '@bulkhead/engine/run/stop'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'
import type { OpenedApplication } from './open-application.ts'
import { planRequest } from './plan-request.ts'
import { type OpenLinks, openStoreLinks, systemClock } from './run-in-process.ts'
import { createSourceTally, type SourceTally } from './source-tally.ts'
import type { Ended, ReplySubject } from './stored-reply.ts'

/** What is known of a run so far: enough to answer it at any moment. */
export interface KnownRun {
  readonly runId: string
  /** Known when it is known what became of earlier ones. */
  attempt: number
  readonly acceptedAtMs: number
  readonly redactor: Redactor
  application?: string
  input?: unknown
  request?: Request
  plan?: Plan
  startedAtMs?: number
  warnings: readonly string[]
  sources?: SourceTally
  /** Longest time that a result is kept, as a server says it, milliseconds. */
  readonly mostKeptMs?: number | undefined
}

export interface ExecuteOptions {
  readonly opened: OpenedApplication
  readonly request: Request
  readonly catalog: Promise<Catalog>
  readonly context: RunContext
  readonly openLinks: OpenLinks
  /** Where the keys of the application lie, for credentials that a request brings sealed. */
  readonly stateFolder: string
  /** Folders of the store that earlier epochs of this run may have left something in. */
  readonly leftFolders?: readonly string[]
  readonly onPlan?: (plan: Plan) => void
}

/** A run that reached its end, with what its files can be linked and removed by. */
export interface Executed {
  readonly ended: Extract<Ended, { readonly result: unknown }>
  readonly context: RunContext
}

/** Plans and runs, the same way whoever asks: the command line, a job of a cluster, a server. */
export async function executeRun(known: KnownRun, options: ExecuteOptions): Promise<Executed> {
  const { opened, request, openLinks, stateFolder } = options
  const { application, baseFolder } = opened
  known.request = request
  known.warnings = request.warnings
  const plan = await planRequest({
    application,
    request,
    catalog: options.catalog,
    redactor: known.redactor,
    stateFolder,
    nowMs: systemClock.now(),
    context(planned) {
      known.plan = planned // what is answered when its preparing work fails
      known.startedAtMs = systemClock.now()
      return options.context
    },
  })
  const catalog = await options.catalog
  known.plan = plan
  known.warnings = [...plan.warnings, ...(opened.isBuiltin ? [] : checkLock(application, catalog))]
  options.onPlan?.(plan)

  const signLink = await openStoreLinks(plan.store, baseFolder, application.name, openLinks)
  const sources = createSourceTally()
  known.sources = sources
  const context: RunContext = {
    ...options.context,
    onSource: sources.add,
    ...(signLink !== undefined && { signLink }),
  }
  known.startedAtMs ??= systemClock.now()
  const { leftFolders = [] } = options
  await sweepLeftFolders(plan, leftFolders, context)
  const result = await runPlan(plan, context)
  // I5: what a dead epoch had on its way may have arrived at the store behind the first sweep. The result is there: nothing
  // that happens now may throw it away
  await sweepLeftFolders(plan, leftFolders, context).catch(() => undefined)
  const warnings = [...new Set([...known.warnings, ...result.warnings])]
  return { ended: { status: result.status, plan, result, warnings }, context }
}

/**
 * What dead epochs left is removed before this one begins, which keeps a sleeper among them from completing (I5).
 * Where the store does not let it, the run goes on: it writes into a folder of its own.
 */
async function sweepLeftFolders(
  { store }: Plan,
  folders: readonly string[],
  context: RunContext,
): Promise<void> {
  if (folders.length === 0) return
  const { sweepFolders } = await import('@bulkhead/engine/run/sweep-folders')
  try {
    await sweepFolders(store, folders, context)
  } catch (error) {
    context.signal.throwIfAborted()
    context.log.warn('What earlier epochs of the run left could not be removed', { folders, error })
  }
}

/** What a run that threw ends as. */
export function failedEnd(known: KnownRun, thrown: unknown, signal: AbortSignal, log: Log): Ended {
  const error = runError(thrown, signal)
  // the evidence: causes hold what a reply must not
  log.debug(`The run failed: ${error.message}`, { code: error.code, stack: error.stack, cause: error.cause })
  const status = error.kind === 'cancelled' ? 'cancelled' : 'failed'
  return { status, plan: known.plan, error, warnings: known.warnings }
}

/** How the run ended, as it is kept. There always is an outcome (I3). */
export async function outcomeOf(
  known: KnownRun,
  ended: Ended,
): Promise<{ readonly outcome: RunOutcome; readonly requestSource: string; readonly finishedAtMs: number }> {
  const { runOutcome } = await import('./stored-reply.ts')
  const identity = requestIdentityOf(known.input)
  const finishedAtMs = systemClock.now()
  const subject: ReplySubject = {
    requestId: identity.id ?? '',
    context: identity.context,
    application: known.application ?? 'unknown',
    job: known.request?.data.job,
    runId: known.runId,
    attempt: known.attempt,
    acceptedAtMs: known.acceptedAtMs,
    startedAtMs: known.startedAtMs,
    finishedAtMs,
    sources: known.sources,
    mostKeptMs: known.mostKeptMs,
  }
  const made = (end: Ended): RunOutcome => runOutcome(subject, end, known.redactor)
  const place = { requestSource: identity.source, finishedAtMs }
  try {
    return { outcome: made(ended), ...place }
  } catch (cause) {
    return { outcome: made(withoutReply(cause)), ...place }
  }
}

function withoutReply(cause: unknown): Ended {
  const error: BulkheadError = isBulkheadError(cause)
    ? cause
    : fault('internal', 'The reply could not be made', { cause })
  return { status: 'failed', plan: undefined, error, warnings: [] }
}
