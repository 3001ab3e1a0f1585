import type { BulkheadError, Link } from '@bulkhead/connector-sdk'
import { exitCodes, readRequest, type ReplyEvent, type Request } from '@bulkhead/contract'
import type { Application, Plan } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { stateFolder } from '@bulkhead/engine/links/state-folder'
import type { Progress, RunContext } from '@bulkhead/engine/run/run-context'
import { createRedactor } from '@bulkhead/engine/secrets/redactor'
import { executeRun, failedEnd, type KnownRun, outcomeOf } from './execute-run.ts'
import { type ApplicationChoice, openApplication, type OpenedApplication } from './open-application.ts'
import { redactedError } from './redacted-error.ts'
import { redactedLog } from './redacted-log.ts'
import { newRunId } from './run-id.ts'
import {
  type OpenLinks,
  type ProcessOptions,
  runInProcess,
  type RunProcess,
  systemClock,
} from './run-in-process.ts'
import type { Ended } from './stored-reply.ts'

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
  // there is no memory of requests: each is the first attempt
  const known: Known = { runId: newRunId(acceptedAtMs), attempt: 1, acceptedAtMs, redactor, warnings: [] }
  try {
    const end = await endOf(known, options)
    const reply = await replyTo(known, end)
    const undelivered = await deliver(reply, known, options)
    const { ended } = end
    const error = 'error' in ended ? redactedError(ended.error, redactor) : undefined
    return { reply, exitCode: exitCodeOf(ended, undelivered), error, undelivered }
  } finally {
    known.process?.[Symbol.dispose]()
  }
}

interface Known extends KnownRun {
  opened?: OpenedApplication
  process?: RunProcess
}

interface End {
  readonly ended: Ended
  /** For the files of the result in their order, and behind them for its manifest. */
  readonly links: readonly Link[]
}

async function endOf(known: Known, options: RunRequestOptions): Promise<End> {
  try {
    return await execute(known, options)
  } catch (thrown) {
    const log = redactedLog(options.log, known.redactor)
    return { ended: failedEnd(known, thrown, options.signal, log), links: [] }
  }
}

async function execute(known: Known, options: RunRequestOptions): Promise<End> {
  const catalog = readCatalog(options.connectorRoots)
  catalog.catch(() => undefined) // awaited below
  const { opened, process, request } = await readApplicationAndRequest(known, options)
  const { onPlan, onProgress, openSource, openStore, openLinks } = options
  const executed = await executeRun(known, {
    opened,
    request,
    catalog,
    openLinks,
    stateFolder: stateFolder(options.environment),
    context: {
      ...process.context,
      ...(onProgress !== undefined && { onProgress }),
      ...(openSource !== undefined && { openSource }),
      ...(openStore !== undefined && { openStore }),
    },
    ...(onPlan !== undefined && { onPlan }),
  })
  const { ended, context } = executed
  const { plan, result } = ended
  const files = [...result.files, ...(result.manifest === undefined ? [] : [result.manifest])]
  // what a run needs when its rows are through is loaded then, so that the first one is not kept waiting
  const { linkFiles, removeFiles } = await import('@bulkhead/engine/run/link-files')
  const { urlExpiresInSeconds, store } = plan
  try {
    const links = await linkFiles(store, { store: store.name, urlExpiresInSeconds, files }, context)
    return { ended, links }
  } catch (error) {
    // a failed attempt leaves nothing (I5)
    await removeFiles(
      store,
      files.map(({ stored }) => stored),
      context,
    )
    throw error
  }
}

/** Reads both, also when one is at fault: a reply needs the id of the one and the name of the other. */
async function readApplicationAndRequest(
  known: Known,
  options: RunRequestOptions,
): Promise<{
  readonly opened: OpenedApplication
  readonly process: RunProcess
  readonly request: Request
}> {
  const faults: unknown[] = []
  let request: Request | undefined
  try {
    known.opened = await openApplication(options.application)
    known.application = known.opened.application.name
    known.process = enterProcess(known, known.opened, options)
  } catch (error) {
    faults.push(error)
  }
  try {
    const { opened } = known
    known.input = await options.request(opened?.isBuiltin === false ? opened.application : undefined)
    request = readRequest(known.input)
    known.request = request
  } catch (error) {
    faults.push(error)
  }
  if (faults.length > 0) throw faults[0]
  const { opened, process } = known
  if (opened === undefined || request === undefined || process === undefined)
    throw new Error('Something was read and is not there')
  return { opened, process, request }
}

function enterProcess(known: Known, opened: OpenedApplication, options: RunRequestOptions): RunProcess {
  const { application, baseFolder } = opened
  const { allow } = application.manifest.spec.policy.network
  const network = { allow, allowLoopback: application.platform.allowLoopback }
  const { runId, redactor } = known
  return runInProcess({ runId, application, baseFolder, network, redactor }, options)
}

async function replyTo(known: Known, { ended, links }: End): Promise<ReplyEvent> {
  const { replyEvent } = await import('@bulkhead/engine/reply/reply-event')
  const { outcome, requestSource, finishedAtMs } = await outcomeOf(known, ended)
  const { reply } = outcome
  const { application, status } = reply
  return replyEvent({
    stored: reply,
    links: reply.result === undefined ? [] : links,
    application,
    requestSource,
    message: status,
    timeMs: finishedAtMs,
  })
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

function exitCodeOf(ended: Ended, undelivered: BulkheadError | undefined): number {
  if ('error' in ended) return exitCodes[ended.error.kind]
  if (ended.status === 'completed-with-errors') return exitCodes.record
  return undelivered === undefined ? 0 : exitCodes[undelivered.kind]
}
