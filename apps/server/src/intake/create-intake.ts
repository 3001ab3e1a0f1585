import { randomBytes } from 'node:crypto'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import {
  fault,
  parseDuration,
  readRequest,
  type Request,
  type RequestIdentity,
  requestIdentityOf,
  type StoredReply,
} from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { contentDigest } from '@bulkhead/engine/application/content-digest'
import { reuseKey } from '@bulkhead/engine/application/reuse-key'
import { runIdOf } from '@bulkhead/engine/job/run-id'
import { reach } from '@bulkhead/engine/observe/moments'
import { requestDigest } from '@bulkhead/engine/plan/identity'
import type { Plan } from '@bulkhead/engine/plan/plan'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Lane } from '../repository/lane.ts'
import type { AcceptRequest, Accepted, Repository } from '../repository/repository.ts'
import type { ReuseOfResult } from '../repository/result-sharing.ts'
import type { Arrival, Intake, Preparing, Taken } from './intake.ts'
import { requestText } from './request-text.ts'

export interface IntakeOptions {
  readonly applications: Applications
  readonly repository: Pick<Repository, 'accept' | 'refuse'>
  readonly catalog: Catalog
  /** Identity of the build of the runner that executes the runs of an application. */
  readonly runnerOf: (application: string) => string
  /** Seals the secrets that a request brings in clear; its result is the request's text with a JWE in their place. */
  readonly seal: (
    text: string,
    sealedFor: { readonly application: string; readonly requestId: string },
  ) => Promise<string>
  /** What a run of that request needs to begin. Undefined: nothing. */
  readonly laneOf?: (application: Application, request: Request, plan: Plan) => Lane
  readonly now: () => number
}

/**
 * The one way of a request into the platform: read, checked against application and policy by the same pure plan
 * that its run will make, sealed, and kept. What is wrong with a request that names itself is answered at once.
 */
export function createIntake(options: IntakeOptions): Intake & Preparing {
  const { applications, repository, now } = options
  return {
    async take(arrival) {
      const served = servedOf(arrival)
      let text: string
      try {
        text = requestText(arrival)
      } catch (error) {
        if (isBulkheadError(error)) return { is: 'unreadable', error }
        throw error
      }
      try {
        const request = readChecked(text, arrival)
        const { application } = served
        const plan = planRun({ application, request, catalog: options.catalog, nowMs: now() })
        const lane = options.laneOf?.(application, request, plan)
        const body = await sealed(text, request, arrival)
        const kept = body === text ? request : readRequest(body)
        reach('before-accept')
        const accepted = await repository.accept({
          ...acceptRequest(served, arrival, request, { body, digest: contentDigest(kept.data), lane }),
          reuse: reuseOf(served, arrival, request, plan, options.runnerOf),
        })
        reach('after-accept')
        return takenOf(accepted)
      } catch (error) {
        if (!isBulkheadError(error) || !isFinal(error)) throw error
        const identity = requestIdentityOf(text)
        if (identity.id === undefined) return { is: 'unreadable', error }
        return await refuse(served, arrival, identity, text, error)
      }
    },
    async prepare(arrival) {
      const { application } = servedOf(arrival)
      const text = requestText(arrival)
      const request = readRequest(text)
      planRun({ application, request, catalog: options.catalog, nowMs: now() })
      return await sealed(text, request, arrival)
    },
  }

  function servedOf({ application }: Pick<Arrival, 'application'>): ServedApplication {
    const served = applications.get(application)
    if (served !== undefined) return served
    throw fault('application-unknown', `There is no application "${application.slice(0, 60)}" here`)
  }

  async function refuse(
    served: ServedApplication,
    arrival: Arrival,
    identity: RequestIdentity,
    text: string,
    error: BulkheadError,
  ): Promise<Taken> {
    const { id = '', source, context } = identity
    const request = {
      ...identified(served, arrival, { id, source }),
      // what was refused is not run, so nothing of it is kept
      body: '',
      contentDigest: await digestOfRefused(text, id, arrival),
      job: arrival.job,
      context,
      validUntilMs: undefined,
    }
    const accepted = await repository.refuse(request, failedReply(request, error))
    return accepted.is === 'new' ? { is: 'refused', error, run: accepted.run } : takenOf(accepted)
  }

  async function sealed(
    text: string,
    { id, data }: Request,
    { application }: Pick<Arrival, 'application'>,
  ): Promise<string> {
    const isAdHoc = data.source !== undefined && 'connector' in data.source
    return isAdHoc ? await options.seal(text, { application, requestId: id }) : text
  }

  /** Of what cannot be sealed nothing is kept, a digest neither: it would help to guess a password. */
  async function digestOfRefused(text: string, id: string, arrival: Arrival): Promise<string> {
    try {
      return contentDigest(readRequest(await sealed(text, readRequest(text), arrival)).data)
    } catch {
      return requestDigest(arrival.application, 'refused', id)
    }
  }

  function acceptRequest(
    served: ServedApplication,
    arrival: Arrival,
    request: Request,
    found: { readonly body: string; readonly digest: string; readonly lane: Lane | undefined },
  ): AcceptRequest {
    const { data } = request
    const { body, digest, lane } = found
    return {
      ...identified(served, arrival, request),
      body,
      contentDigest: digest,
      job: data.job,
      context: data.context,
      validUntilMs: data.validUntil === undefined ? undefined : Date.parse(data.validUntil),
      mostQueued: served.application.manifest.spec.policy.limits.queued,
      ...(lane !== undefined && { lane }),
    }
  }

  function identified(
    { application: { name }, revision, destinations }: ServedApplication,
    { actor, madeAtMs, traceparent }: Arrival,
    { id, source }: { readonly id: string; readonly source: string },
  ): Omit<AcceptRequest, 'body' | 'contentDigest' | 'job' | 'context' | 'validUntilMs'> {
    return {
      digest: requestDigest(name, source, id),
      application: name,
      source,
      requestId: id,
      runId: runIdOf(now(), randomBytes(10)),
      revision,
      actor,
      madeAtMs,
      destinations,
      traceparent,
    }
  }

  function failedReply(request: AcceptRequest, error: BulkheadError): StoredReply {
    const at = new Date(now()).toISOString()
    const { requestId, runId, application, job, context } = request
    return {
      requestId,
      runId,
      application,
      ...(job !== undefined && { job }),
      attempt: 1,
      sequence: 1,
      status: 'failed',
      warnings: [],
      ...(context !== undefined && { context }),
      acceptedAt: at,
      finishedAt: at,
      error: replyErrorOf(error),
    }
  }
}

/** With which requests it may share a result (D21); undefined: the job lets it with none. */
function reuseOf(
  { application, revision }: ServedApplication,
  { actor }: Arrival,
  request: Request,
  plan: Plan,
  runnerOf: IntakeOptions['runnerOf'],
): ReuseOfResult | undefined {
  const { jobs } = application.manifest.spec
  const job = plan.job !== undefined && Object.hasOwn(jobs, plan.job) ? jobs[plan.job] : undefined
  if (job?.reuse === undefined) return undefined
  const key = reuseKey(plan, request, { revision, runner: runnerOf(application.name), actor })
  if (key === undefined) return undefined
  return { key, withinMs: parseDuration(job.reuse.within), fresh: request.data.fresh === true }
}

/** @throws BulkheadError what `readRequest` throws; `request-invalid` when request and trigger name different jobs */
function readChecked(text: string, { job }: Arrival): Request {
  const request = readRequest(text)
  if (job !== undefined && request.data.job !== job)
    throw fault('request-invalid', `The request does not ask for the job "${job}" that it was sent to`, {
      path: request.data.job === undefined ? 'source' : 'job',
      fix: 'Leave `job` and `source` out, or send the request to where every request of the application goes',
    })
  return request
}

/** What the same request would meet again: it is answered. All else is thrown, and the trigger tries again. */
function isFinal({ kind }: BulkheadError): boolean {
  return kind === 'config' || kind === 'policy' || kind === 'auth' || kind === 'record'
}

function takenOf(accepted: Accepted): Taken {
  if (accepted.is === 'reused') {
    const error = fault('request-id-reused', 'Another request with other content had this id', {
      path: 'requestId',
    })
    return { is: 'refused', error, run: accepted.run }
  }
  if (accepted.is === 'too-old') {
    const error = fault('request-too-old', 'The request is older than requests are remembered')
    return { is: 'refused', error, run: undefined }
  }
  return accepted
}
