import type { BulkheadError } from '@bulkhead/connector-sdk'
import {
  exitCodes,
  fault,
  readRequest,
  type ReplyEvent,
  type Request,
  requestIdentityOf,
} from '@bulkhead/contract'
import type { Application, Catalog, Plan } from '@bulkhead/engine'
import { checkLock } from '@bulkhead/engine/application/lock'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import { runPlan } from '@bulkhead/engine/run/run'
import type { Progress, RunContext } from '@bulkhead/engine/run/run-context'
import { runError } from '@bulkhead/engine/run/stop'
import { createRedactor, type Redactor } from '@bulkhead/engine/secrets/redactor'
import { hideCredentials, hideSecretsOf } from './known-credentials.ts'
import { type ApplicationChoice, openApplication, type OpenedApplication } from './open-application.ts'
import { redactedError } from './redacted-error.ts'
import { redactedLog } from './redacted-log.ts'
import type { Outcome } from './reply-event.ts'
import { newRunId } from './run-id.ts'
import {
  type OpenLinks,
  openStoreLinks,
  type ProcessOptions,
  runInProcess,
  type RunProcess,
  systemClock,
} from './run-in-process.ts'

export interface RunRequestOptions extends ProcessOptions {
  readonly application: ApplicationChoice
  /** Folders whose sub-folders are connectors. */
  readonly connectorRoots: readonly string[]
  /**
   * The request as `readRequest` of the contract takes it, best as the text that came. Asked for when the
   * application has been read, because its declarations say what a parameter on a command line means;
   * undefined stands for the built-in application, and for one that cannot be read.
   */
  readonly request: (application: Application | undefined) => Promise<unknown>
  readonly openLinks: OpenLinks
  readonly onPlan?: (plan: Plan) => void
  readonly onProgress?: (progress: Progress) => void
  /** In place of the planned source and store: tests of an application bring their own. */
  readonly openSource?: RunContext['openSource']
  readonly openStore?: RunContext['openStore']
}

export interface RunAnswer {
  readonly reply: ReplyEvent
  /** As the outcome has it; 128 + n is for whoever got the signal n. */
  readonly exitCode: number
  /** Why the run failed, with all its faults; the reply holds what the requester may know. Redacted. */
  readonly error: BulkheadError | undefined
  /** Why the reply is not everywhere where the application wants it. Redacted. */
  readonly undelivered: BulkheadError | undefined
}

/** How long delivering a reply may take; after a stop, what is left of the ten seconds that one may take. */
const deliveryMs = 90_000
const hurriedMs = 700

/**
 * Executes one request, stand-alone: reads the application, plans, runs, makes links, answers. Whatever
 * goes wrong, there is a reply (I3): it is returned for standard output, and delivered to where the
 * application says besides.
 */
export async function runRequest(options: RunRequestOptions): Promise<RunAnswer> {
  const acceptedAtMs = systemClock.now()
  const redactor = createRedactor()
  const known: Known = { runId: newRunId(acceptedAtMs), acceptedAtMs, redactor, warnings: [] }
  try {
    const outcome = await outcomeOf(known, options)
    const reply = await replyTo(known, outcome)
    const undelivered = await deliver(reply, known, options)
    const error = 'error' in outcome ? redactedError(outcome.error, redactor) : undefined
    return { reply, exitCode: exitCodeOf(outcome, undelivered), error, undelivered }
  } finally {
    known.process?.[Symbol.dispose]()
  }
}

/** What is known of a request so far: enough to answer it at any moment. */
interface Known {
  readonly runId: string
  readonly acceptedAtMs: number
  readonly redactor: Redactor
  opened?: OpenedApplication
  process?: RunProcess
  input?: unknown
  request?: Request
  plan?: Plan
  startedAtMs?: number
  warnings: readonly string[]
}

async function outcomeOf(known: Known, options: RunRequestOptions): Promise<Outcome> {
  try {
    return await execute(known, options)
  } catch (thrown) {
    const error = runError(thrown, options.signal)
    const log = redactedLog(options.log, known.redactor)
    // the evidence: causes hold what a reply must not
    log.debug(`The run failed: ${error.message}`, {
      code: error.code,
      stack: error.stack,
      cause: error.cause,
    })
    const status = error.kind === 'cancelled' ? 'cancelled' : 'failed'
    return { status, plan: known.plan, error, warnings: known.warnings }
  }
}

async function execute(known: Known, options: RunRequestOptions): Promise<Outcome> {
  const catalog = readCatalog(options.connectorRoots)
  catalog.catch(() => undefined) // awaited below
  await readApplicationAndRequest(known, options)
  const { opened, request, process } = known
  if (opened === undefined || request === undefined || process === undefined)
    throw new Error('Something was read and is not there')
  const { application, baseFolder } = opened
  known.warnings = request.warnings
  hideCredentials(request, known.redactor)
  const plan = planRun({ application, request, catalog: await catalog, nowMs: systemClock.now() })
  hideSecretsOf(plan, known.redactor)
  known.plan = plan
  known.warnings = [...plan.warnings, ...lockWarnings(opened, await catalog)]
  options.onPlan?.(plan)

  const signLink = await openStoreLinks(plan.store, baseFolder, application.name, options.openLinks)
  const context: RunContext = {
    ...process.context,
    ...(signLink !== undefined && { signLink }),
    ...(options.onProgress !== undefined && { onProgress: options.onProgress }),
    ...(options.openSource !== undefined && { openSource: options.openSource }),
    ...(options.openStore !== undefined && { openStore: options.openStore }),
  }
  known.startedAtMs = systemClock.now()
  const result = await runPlan(plan, context)
  const files = result.manifest === undefined ? result.files : [...result.files, result.manifest]
  // what a run needs when its rows are through is loaded then, so that the first one is not kept waiting
  const { linkFiles, removeFiles } = await import('@bulkhead/engine/run/link-files')
  try {
    const links = await linkFiles(plan, files, context)
    const linkWarnings = links.flatMap(({ warning }) => warning ?? [])
    const warnings = [...new Set([...known.warnings, ...result.warnings, ...linkWarnings])]
    return { status: result.status, plan, result, links, warnings }
  } catch (error) {
    await removeFiles(plan, files, context) // a failed attempt leaves nothing (I5)
    throw error
  }
}

/** Reads both, also when one is at fault: a reply needs the id of the one and the name of the other. */
async function readApplicationAndRequest(known: Known, options: RunRequestOptions): Promise<void> {
  const faults: unknown[] = []
  try {
    known.opened = await openApplication(options.application)
    known.process = enterProcess(known, known.opened, options)
  } catch (error) {
    faults.push(error)
  }
  try {
    const { opened } = known
    known.input = await options.request(opened?.isBuiltin === false ? opened.application : undefined)
    known.request = readRequest(known.input)
  } catch (error) {
    faults.push(error)
  }
  if (faults.length > 0) throw faults[0]
}

function enterProcess(known: Known, opened: OpenedApplication, options: RunRequestOptions): RunProcess {
  const { application, baseFolder } = opened
  const { allow } = application.manifest.spec.policy.network
  const network = { allow, allowLoopback: application.platform.allowLoopback }
  const { runId, redactor } = known
  return runInProcess({ runId, application, baseFolder, network, redactor }, options)
}

function lockWarnings({ application, isBuiltin }: OpenedApplication, catalog: Catalog): readonly string[] {
  return isBuiltin ? [] : checkLock(application, catalog)
}

async function replyTo(known: Known, outcome: Outcome): Promise<ReplyEvent> {
  const { replyEvent } = await import('./reply-event.ts')
  const identity = requestIdentityOf(known.input)
  const subject = {
    requestId: identity.id ?? '',
    requestSource: identity.source,
    context: identity.context,
    application: known.opened?.application.name ?? 'unknown',
    job: known.request?.data.job,
    runId: known.runId,
    acceptedAtMs: known.acceptedAtMs,
    startedAtMs: known.startedAtMs,
    finishedAtMs: systemClock.now(),
  }
  try {
    return replyEvent(subject, outcome, known.redactor)
  } catch (cause) {
    const error = fault('internal', 'The reply could not be made', { cause })
    return replyEvent(subject, { status: 'failed', plan: undefined, error, warnings: [] }, known.redactor)
  }
}

async function deliver(
  reply: ReplyEvent,
  { opened, process, redactor }: Known,
  options: RunRequestOptions,
): Promise<BulkheadError | undefined> {
  if (opened === undefined || process === undefined) return undefined
  const { manifest, folder } = opened.application
  if (Object.keys(manifest.spec.replies).length === 0) return undefined
  const { deliverReply } = await import('@bulkhead/engine/reply/deliver-reply')
  const stop = new AbortController()
  const end = (): void => stop.abort()
  let timer = setTimeout(end, options.signal.aborted ? hurriedMs : deliveryMs)
  const hurry = (): void => {
    clearTimeout(timer)
    timer = setTimeout(end, hurriedMs)
  }
  options.signal.addEventListener('abort', hurry, { once: true })
  try {
    const { secrets, log } = process.context
    const undelivered = await deliverReply(reply, manifest.spec.replies, {
      folder,
      secrets,
      clusters: new Map(),
      log,
      signal: stop.signal,
    })
    return undelivered === undefined ? undefined : redactedError(undelivered, redactor)
  } finally {
    options.signal.removeEventListener('abort', hurry)
    clearTimeout(timer)
  }
}

function exitCodeOf(outcome: Outcome, undelivered: BulkheadError | undefined): number {
  if ('error' in outcome) return exitCodes[outcome.error.kind]
  if (outcome.status === 'completed-with-errors') return exitCodes.record
  return undelivered === undefined ? 0 : exitCodes[undelivered.kind]
}
