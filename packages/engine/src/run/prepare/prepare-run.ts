import {
  isBulkheadError,
  type Log,
  type ParameterValue,
  type PrepareContext,
  type PrepareRequest,
} from '@bulkhead/connector-sdk'
import { fault, type PreparedResult, type Request } from '@bulkhead/contract'
import type { Plan, PlannedPreparation } from '../../plan/plan.ts'
import type { RunContext } from '../run-context.ts'
import { runError } from '../stop.ts'
import { readPrepared } from './read-prepared.ts'

/** What preparing work may ask of the process that it is in. */
export type PrepareServices = Pick<
  RunContext,
  'runId' | 'application' | 'secrets' | 'signal' | 'diagnose' | 'prepare'
> & {
  /** Redacts by itself. */
  readonly log: Log
}

/**
 * Asks the application's own code or endpoint what a run reads (D3). It has its time, and no more: what does not
 * answer is left behind, and a process of the run's own ends with it. What it answers is checked here for its form, and by
 * the plan for what the manifest allows.
 *
 * @returns undefined when the job has no `prepare`
 * @throws BulkheadError `prepare-invalid`, `prepare-failed`, `prepare-unreachable`, `prepare-timeout`,
 *         `prepare-result-invalid`, `prepare-refused`; the reason of the signal when the run was stopped
 */
export async function prepareRun(
  plan: Plan,
  request: Request,
  services: PrepareServices,
): Promise<PreparedResult | undefined> {
  const { preparation, limits } = plan
  if (preparation === undefined) return undefined
  const timeoutMs = Math.min(preparation.timeoutMs, limits.timeMs)
  const time = new AbortController()
  const timer = setTimeout(
    () =>
      time.abort(
        fault('prepare-timeout', `${preparation.by} did not answer within ${timeoutMs / 1000} s`, {
          path: preparation.path,
        }),
      ),
    timeoutMs,
  )
  const signal = AbortSignal.any([services.signal, time.signal])
  const asked = { request: prepareRequest(plan, preparation, request, services), signal }
  try {
    const answer = await untilAborted(ask(plan, preparation, asked, services), signal)
    const prepared = readPrepared(answer, preparation)
    services.log.debug(`Prepared by ${preparation.by}`, {
      connection: prepared.connection ?? plan.source.name,
      fields: Object.keys(prepared),
    })
    return prepared
  } catch (error) {
    if (signal.aborted) throw runError(error, signal)
    if (!isBulkheadError(error)) throw error
    throw services.diagnose?.(error) ?? error
  } finally {
    clearTimeout(timer)
  }
}

interface Asked {
  readonly request: PrepareRequest
  readonly signal: AbortSignal
}

async function ask(
  plan: Plan,
  { way, by, path }: PlannedPreparation,
  { request, signal }: Asked,
  services: PrepareServices,
): Promise<unknown> {
  if (services.prepare !== undefined) return await services.prepare()
  if ('file' in way) {
    const { callPreparingCode } = await import('./call-code.ts')
    const context: PrepareContext = { signal, log: services.log }
    return await callPreparingCode(services.application.folder, way.file, path, { request, context })
  }
  const { askEndpoint } = await import('./ask-endpoint.ts')
  const secret = way.secret === undefined ? undefined : await services.secrets.resolve(way.secret, path)
  return await askEndpoint(
    { url: way.url, by, path, secret: secret?.reveal(), retry: plan.retry },
    request,
    signal,
  )
}

/** The request as the application's work sees it; without anything that is not the requester's or the application's. */
function prepareRequest(
  plan: Plan,
  { parameters, connections }: PlannedPreparation,
  { id, source, data }: Request,
  { runId }: PrepareServices,
): PrepareRequest {
  return {
    application: plan.application,
    job: plan.job ?? '',
    requestId: id,
    requestSource: source,
    runId,
    parameters: parameters satisfies Readonly<Record<string, ParameterValue>>,
    output: { ...data.output },
    ...(data.context !== undefined && { context: data.context }),
    connections,
    flags: plan.flags,
  }
}

/** At once, and not after a grace time: nothing is opened yet that would have to be closed. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
