import { BulkheadError, type Link, type StoredObject } from '@bulkhead/connector-sdk'
import { fault, type RunOutcome, type StoredReply } from '@bulkhead/contract'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'

/** What is about to be said about a request. */
export interface Answer {
  readonly stored: StoredReply
  /** For the files of the result in their order, and behind them for its manifest. */
  readonly links: readonly Link[]
  /** Last part of the event's id. */
  readonly message: string
  readonly timeMs: number
  /** Why there is no result; not redacted. */
  readonly error: BulkheadError | undefined
  /** Called once it is everywhere. */
  readonly delivered?: (() => Promise<void>) | undefined
}

/** The error of a reply that is kept, which holds what the requester may know. */
export function errorOfReply({ error }: StoredReply): BulkheadError | undefined {
  if (error === undefined) return undefined
  const { kind, code, message, path, fix } = error
  return new BulkheadError({
    kind,
    code,
    message,
    ...(path !== undefined && { path }),
    ...(fix !== undefined && { fix }),
  })
}

/** What is said in place of a result that is no longer there. */
export function expiredReply(stored: StoredReply): StoredReply {
  const { result: _result, ...rest } = stored
  const error = replyErrorOf(fault('result-expired', 'The result was removed when its retention ended'))
  return { ...rest, status: 'failed', error }
}

/** All objects of a result, its manifest last; none when there is no result. */
export function objectsOf({ delivery }: RunOutcome): readonly StoredObject[] {
  return delivery?.files.map(({ stored }) => stored) ?? []
}
