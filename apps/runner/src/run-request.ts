import type { BulkheadError } from '@bulkhead/connector-sdk'
import { exitCodes, readRequest, requestIdentityOf, type ReplyEvent, type Request } from '@bulkhead/contract'
import type { Application, Plan } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { stateFolder } from '@bulkhead/engine/links/state-folder'
import { reach } from '@bulkhead/engine/observe/moments'
import type { Progress, RunContext } from '@bulkhead/engine/run/run-context'
import { createRedactor } from '@bulkhead/engine/secrets/redactor'
import type { KnownRun } from './execute-run.ts'
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
import type { Answer } from './standalone/answer.ts'
import { answerRequest, refusedAnswer } from './standalone/answer-request.ts'
import { deliverToAll, type PlatformChoice } from './standalone/deliver-to-all.ts'
import { takePlatformVariables } from './standalone/platform-variables.ts'

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
  /** Whether the application's store remembers requests, so that a repeat is answered and not run (I4). */
  readonly remember?: boolean
  /** Absolute: `platform.yaml` with the Kafka clusters that replies name. Variables stand over it. */
  readonly platformFile?: string | undefined
  /** Of the run, when somebody else has to know it: whoever answers when this process dies. */
  readonly runId?: string | undefined
  /** The process that ran this request died: nothing is run, it is cleaned up and answered. */
  readonly died?: BulkheadError | undefined
  /** Whether the reply goes where the application says; default true. Tests of an application answer nobody. */
  readonly deliverReply?: boolean
  readonly onPlan?: (plan: Plan) => void
  readonly onProgress?: (progress: Progress) => void
  /** In place of the planned source, preparing work and store: tests of an application bring their own. */
  readonly openSource?: RunContext['openSource']
  readonly prepare?: RunContext['prepare']
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

/**
 * Executes one request, stand-alone: reads the application, plans, runs, makes links, answers. Whatever
 * goes wrong, there is a reply (I3): it is returned for standard output, and delivered to where the
 * application says besides.
 */
export async function runRequest(options: RunRequestOptions): Promise<RunAnswer> {
  const acceptedAtMs = systemClock.now()
  const redactor = createRedactor()
  const runId = options.runId ?? newRunId(acceptedAtMs)
  const known: Known = { runId, attempt: 1, acceptedAtMs, redactor, warnings: [] }
  const platform = { file: options.platformFile, variables: takePlatformVariables(options.environment) }
  try {
    const answer = await answerOf(known, options)
    const reply = await replyOf(known, answer)
    reach('before-send')
    const undelivered = await deliver(reply, known, options, platform)
    reach('after-send')
    if (undelivered === undefined) await tellDelivered(answer, known, options)
    const error = answer.error === undefined ? undefined : redactedError(answer.error, redactor)
    return { reply, exitCode: exitCodeOf(reply, undelivered), error, undelivered }
  } finally {
    known.process?.[Symbol.dispose]()
  }
}

interface Known extends KnownRun {
  opened?: OpenedApplication
  process?: RunProcess
}

async function answerOf(known: Known, options: RunRequestOptions): Promise<Answer> {
  const catalog = readCatalog(options.connectorRoots)
  catalog.catch(() => undefined) // awaited by whoever needs it
  try {
    const { opened, process } = await readApplicationAndRequest(known, options)
    const { onProgress, openSource, prepare, openStore } = options
    const context: RunContext = {
      ...process.context,
      ...(onProgress !== undefined && { onProgress }),
      ...(openSource !== undefined && { openSource }),
      ...(prepare !== undefined && { prepare }),
      ...(openStore !== undefined && { openStore }),
    }
    return await answerRequest(known, {
      opened,
      catalog,
      context,
      openLinks: options.openLinks,
      stateFolder: stateFolder(options.environment),
      stop: options.signal,
      remember: options.remember === true,
      died: options.died,
      onPlan: options.onPlan,
    })
  } catch (thrown) {
    return await refusedAnswer(known, thrown, options.signal, redactedLog(options.log, known.redactor))
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

async function replyOf(known: Known, { stored, links, message, timeMs }: Answer): Promise<ReplyEvent> {
  const { replyEvent } = await import('@bulkhead/engine/reply/reply-event')
  const requestSource = requestIdentityOf(known.input).source
  return replyEvent({ stored, links, application: stored.application, requestSource, message, timeMs })
}

async function deliver(
  reply: ReplyEvent,
  { opened, process, redactor }: Known,
  options: RunRequestOptions,
  platform: PlatformChoice,
): Promise<BulkheadError | undefined> {
  if (opened === undefined || process === undefined || options.deliverReply === false) return undefined
  const { manifest, folder } = opened.application
  const undelivered = await deliverToAll(reply, manifest.spec.replies, {
    folder,
    context: process.context,
    platform,
    stop: options.signal,
  })
  return undelivered === undefined ? undefined : redactedError(undelivered, redactor)
}

/** Whoever has the reply has it: when that cannot be written down, a repeat is answered by the same message. */
async function tellDelivered(answer: Answer, { redactor }: Known, { log }: RunRequestOptions): Promise<void> {
  try {
    await answer.delivered?.()
  } catch (error) {
    redactedLog(log, redactor).warn('That the reply was delivered could not be written down', { error })
  }
}

function exitCodeOf({ data }: ReplyEvent, undelivered: BulkheadError | undefined): number {
  if (data.error !== undefined) return exitCodes[data.error.kind]
  if (data.status === 'completed-with-errors') return exitCodes.record
  return undelivered === undefined ? 0 : exitCodes[undelivered.kind]
}
