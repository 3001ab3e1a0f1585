/** What the suite puts into a repository. */
import { randomBytes } from 'node:crypto'
import type { Delivery, FinalState, RunOutcome, StoredReply } from '@bulkhead/contract'
import { runIdOf } from '@bulkhead/engine/job/run-id'
import type { AcceptRequest, ClaimedRun, Repository } from '../repository.ts'

let last = 0

/** Ids rise as those of a server do. */
export function sampleRunId(): string {
  last += 1
  return runIdOf(1_800_000_000_000 + last, randomBytes(10))
}

export function sampleRequest(requestId: string, more: Partial<AcceptRequest> = {}): AcceptRequest {
  const application = more.application ?? 'billing'
  return {
    digest: `digest-of-${application}-${requestId}`,
    contentDigest: 'content',
    application,
    source: '/portal',
    requestId,
    runId: sampleRunId(),
    job: 'invoices',
    revision: 'revision-1',
    body: `{"requestId":"${requestId}"}`,
    context: { user: 'u17' },
    actor: 'kafka:requests',
    madeAtMs: undefined,
    validUntilMs: undefined,
    destinations: { outcome: ['main'], accepted: [], progress: [] },
    traceparent: undefined,
    ...more,
  }
}

export const sampleDelivery: Delivery = {
  store: 'exports',
  urlExpiresInSeconds: 3600,
  files: [
    {
      name: 'invoices.csv',
      objectContentType: 'text/csv',
      stored: { key: 'k', location: 'file:///k', bytes: 12 },
    },
  ],
}

/** As a runner says it. */
export function sampleOutcome(
  { run }: Pick<ClaimedRun, 'run'>,
  status: FinalState,
  retryable = false,
): RunOutcome {
  const failed = status === 'failed' || status === 'cancelled'
  const reply: StoredReply = {
    requestId: run.requestId,
    runId: run.runId,
    application: run.application,
    ...(run.job !== undefined && { job: run.job }),
    attempt: run.attempt,
    sequence: 1,
    status,
    warnings: [],
    acceptedAt: new Date(run.acceptedAtMs).toISOString(),
    startedAt: new Date(run.acceptedAtMs + 5).toISOString(),
    finishedAt: new Date(run.acceptedAtMs + 10).toISOString(),
    ...(failed
      ? {
          error: {
            code: retryable ? 'postgres-unreachable' : 'query-invalid',
            kind: retryable ? 'transient' : 'config',
            message: 'It failed',
            retryable,
            documentation: 'docs',
          },
        }
      : {
          result: {
            rows: 3,
            bytes: 12,
            files: [
              {
                name: 'invoices.csv',
                contentType: 'text/csv',
                format: 'csv',
                compression: 'none',
                rows: 3,
                bytes: 12,
                location: 'file:///k',
                checksum: { algorithm: 'sha256', scope: 'object', value: 'ab' },
              },
            ],
          },
        }),
  }
  return failed ? { reply } : { reply, delivery: sampleDelivery }
}

/** The one waiting run of an application, for a server. */
export async function claimOne(
  repository: Repository,
  { application = 'billing', server = 'server-1', leaseMs = 10_000 } = {},
): Promise<ClaimedRun> {
  const {
    runs: [claimed, ...others],
  } = await repository.claim({
    server,
    leaseMs,
    most: [{ application, runs: 1 }],
  })
  if (claimed === undefined || others.length > 0) throw new Error('There is not one run to claim')
  return claimed
}

/** Takes a request and has it come to an end. */
export async function endedRun(
  repository: Repository,
  request: AcceptRequest,
  status: FinalState,
  retryable = false,
): Promise<ClaimedRun> {
  await repository.accept(request)
  const claimed = await claimOne(repository, { application: request.application })
  const { runId, epoch } = claimed.run
  await repository.finish({ runId, epoch, outcome: sampleOutcome(claimed, status, retryable) })
  return claimed
}

export async function messagesOf(
  repository: Repository,
  query: { readonly runId?: string; readonly state?: 'due' | 'sent' | 'failed' } = {},
): Promise<readonly string[]> {
  const { items } = await repository.messages({ ...query, most: 1000 })
  return items.map(({ message, destination }) => `${message} to ${destination}`)
}

export async function eventsOf(repository: Repository, runId: string): Promise<readonly string[]> {
  const { items } = await repository.events({ runId, after: 0, most: 1000 })
  return items.map(({ type }) => type)
}
