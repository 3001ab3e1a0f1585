import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadError, cancelled } from '@bulkhead/connector-sdk'
import {
  type Heartbeat,
  type HeartbeatAnswer,
  readRequest,
  type RunOutcome,
  type RunWork,
  type SignedLinks,
} from '@bulkhead/contract'
import { runFolder } from '@bulkhead/engine/job/run-folder'
import type { Progress, RunContext } from '@bulkhead/engine/run/run-context'
import { type Executed, executeRun, failedEnd, type KnownRun, outcomeOf } from '../execute-run.ts'
import { redactedError } from '../redacted-error.ts'
import type { Ended } from '../stored-reply.ts'
import { withConsole } from '../console-to-log.ts'
import { createRunLog, type LogLevel } from './run-log.ts'
import type { RunnerHome } from './runner-home.ts'
import { type ServerClient, ServerCallFailed } from './server-client.ts'

type Reported = Heartbeat['runs'][number]
type Told = HeartbeatAnswer['runs'][number]

/** One run while this process has it. */
export interface HeldRun {
  readonly runId: string
  /** For the next heartbeat; each line and each command is reported once. */
  report(): Reported
  /** What the server said of it. */
  told(told: Told): void
  /** Ends it without an outcome: it is another's, or nobody's any more. */
  abandon(): void
  /** Ends it as failed. */
  fail(error: BulkheadError): void
  /** Resolves when nothing of it is left in this process. Never rejects. */
  readonly over: Promise<void>
}

/** A result with more files has its links made when its reply is sent. */
const mostFreshLinks = 20
/** How long the server may take between two tries to take an outcome. */
const longestPauseMs = 1_000

/** Begins a run, and finishes it at the server. */
export function holdRun(work: RunWork, home: RunnerHome, client: ServerClient, logLevel: LogLevel): HeldRun {
  const { runId, epoch } = work
  const stop = new AbortController()
  const abandoned = new AbortController()
  const log = createRunLog(logLevel)
  const known: KnownRun = {
    runId,
    attempt: work.attempt,
    acceptedAtMs: work.acceptedAtMs,
    redactor: home.redactor,
    application: work.application,
    input: work.request,
    warnings: [],
    mostKeptMs: home.mostKeptMs,
  }
  let progress: Progress | undefined
  let effective: string[] = []
  const seen = new Set<string>()

  function abandon(): void {
    abandoned.abort()
    stop.abort(cancelled("The run is not this runner's any more"))
  }

  async function live(): Promise<void> {
    using context = home.contextFor({ runId, log, signal: stop.signal })
    const own: RunContext = {
      ...context,
      folder: runFolder(runId, epoch),
      onProgress: (told) => void (progress = told),
    }
    const within = <T>(work: () => T): T => context.guard.within(() => withConsole(context.log, work))
    await within(async () => {
      const { ended, executed } = await execute(own)
      if (abandoned.signal.aborted) return await removeResult(executed)
      const { outcome } = await outcomeOf(known, ended)
      const taken = await finish(outcome, executed && (await freshLinks(outcome, executed)))
      if (taken === 'lease-lost') await removeResult(executed) // I5: nobody names it
    })
  }

  async function execute(
    context: RunContext,
  ): Promise<{ readonly ended: Ended; readonly executed: Executed | undefined }> {
    const { opened, catalog, openLinks, stateFolder, standIn } = home
    try {
      const request = readRequest(work.request)
      const { leftFolders } = work
      const executed = await executeRun(known, {
        opened,
        request,
        catalog,
        context: standIn?.contextOf(request, context) ?? context,
        openLinks,
        stateFolder,
        leftFolders,
      })
      return { ended: standIn?.endOf(executed.ended, request) ?? executed.ended, executed }
    } catch (error) {
      const ended = failedEnd(known, error, stop.signal, context.log)
      tellFailure(ended)
      return { ended, executed: undefined }
    }
  }

  /** What the requester is told, where those who run the application look first. */
  function tellFailure(ended: Ended): void {
    if (!('error' in ended) || ended.status !== 'failed') return
    const { code, kind, path, fix, message } = redactedError(ended.error, home.redactor)
    log.error(`The run failed: ${message}`, { code, kind, path, fix })
  }

  /** Tries until the server has said what became of it; a run that was lost meanwhile need not be finished. */
  async function finish(
    outcome: RunOutcome,
    made: SignedLinks | undefined,
  ): Promise<'finished' | 'lease-lost' | 'unknown'> {
    let links = made
    const last = log.take()
    for (let pauseMs = 50; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        const said = { ...outcome, ...(links !== undefined && { links }), epoch, ...last }
        return await client.finishRun(work, { ...said, breakers: home.breakers.told() })
      } catch (error) {
        // a server that does not know this process never takes its outcome
        if (error instanceof ServerCallFailed && (error.status === 401 || error.status === 404))
          return 'unknown'
        if (error instanceof ServerCallFailed && error.status === 400) throw error
      }
      if (abandoned.signal.aborted) return 'unknown'
      links = undefined // they would be old
      await sleep(pauseMs, undefined, { signal: abandoned.signal }).catch(() => undefined)
    }
  }

  /** For the reply that is sent at once; without them it asks for others. */
  async function freshLinks(
    { delivery }: RunOutcome,
    { ended, context }: Executed,
  ): Promise<SignedLinks | undefined> {
    if (delivery === undefined || delivery.files.length > mostFreshLinks) return undefined
    try {
      const { linkFiles } = await import('@bulkhead/engine/run/link-files')
      return [...(await linkFiles(ended.plan.store, delivery, context))]
    } catch (error) {
      context.log.debug('Links were not made with the end of the run', { error: String(error) })
      return undefined
    }
  }

  async function removeResult(executed: Executed | undefined): Promise<void> {
    if (executed === undefined) return
    const { ended, context } = executed
    const { files, manifest } = ended.result
    const objects = [...files, ...(manifest === undefined ? [] : [manifest])].map(({ stored }) => stored)
    const { removeFiles } = await import('@bulkhead/engine/run/link-files')
    // the run was stopped, and its store would not open any more by the same signal
    await removeFiles(ended.plan.store, objects, { ...context, signal: new AbortController().signal })
  }

  return {
    runId,
    report() {
      const { startedAtMs } = known
      const reported: Reported = {
        runId,
        epoch,
        ...(startedAtMs !== undefined && { startedAtMs }),
        ...(progress !== undefined && { progress: { rows: progress.rows, bytes: progress.bytes } }),
        ...log.take(),
        effective,
      }
      effective = []
      return reported
    },
    told({ lost, commands }) {
      if (lost) return abandon()
      for (const { id, reason } of commands) {
        if (seen.has(id)) continue
        seen.add(id)
        // the only command there is
        stop.abort(cancelled(reason === '' ? undefined : `The run was cancelled: ${reason}`))
        effective.push(id)
      }
    },
    abandon,
    fail: (error) => stop.abort(error),
    over: live().catch((error: unknown) => {
      home.log.warn('A run could not be finished', { runId, error })
    }),
  }
}
