import type { StoredReply } from '@bulkhead/contract'
import type { Scope } from '../operation.ts'

export interface NewMessage {
  /** Of the request and of the attempt: first parts of the event's id. */
  readonly digest: string
  readonly runId: string
  readonly application: string
  readonly destinations: readonly string[]
  /** Last part of the event's id. */
  readonly message: string
  readonly reply: StoredReply
  /** As JSON. */
  readonly delivery: string | null
  readonly revision: string
  readonly requestSource: string
  readonly traceparent: string | null
}

/**
 * One row for each destination (I3). A message that is there already is due once more, as it is: its event keeps its id
 * and its content.
 */
export async function putMessages({ db, nowMs, changed }: Scope, message: NewMessage): Promise<void> {
  const { destinations, digest, reply } = message
  if (destinations.length === 0) return
  await db
    .insertInto('outbox')
    .values(
      [...new Set(destinations)].map((destination) => ({
        id: `${digest}/${reply.attempt}/${message.message}/${destination}`,
        run_id: message.runId,
        application: message.application,
        destination,
        place: `${message.application}/${destination}`,
        message: message.message,
        reply: JSON.stringify(reply),
        delivery: message.delivery,
        revision: message.revision,
        request_source: message.requestSource,
        state: 'due' as const,
        tries: 0,
        due_at: nowMs,
        written_at: nowMs,
        sent_at: null,
        last_error: null,
        traceparent: message.traceparent,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ state: 'due', tries: 0, due_at: nowMs, last_error: null }),
    )
    .execute()
  changed('messages')
}
