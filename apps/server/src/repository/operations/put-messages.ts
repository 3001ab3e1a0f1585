import type { StoredReply } from '@bulkhead/contract'
import type { Selectable } from 'kysely'
import type { MessageLease } from '../handed-messages.ts'
import type { Scope } from '../operation.ts'
import type { OutboxMessage } from '../repository.ts'
import type { OutboxTable } from '../tables.ts'
import { messageOf } from './rows.ts'

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
 *
 * @param lease  of the server that writes it: what it may send is its own to send at once
 * @returns what is under that lease
 */
export async function putMessages(
  { db, nowMs, changed }: Scope,
  message: NewMessage,
  lease?: MessageLease,
): Promise<readonly OutboxMessage[]> {
  const { destinations, digest, reply } = message
  if (destinations.length === 0) return []
  const placeOf = (destination: string): string => `${message.application}/${destination}`
  const isLeased = (place: string): boolean => lease !== undefined && !lease.except.includes(place)
  const rows = await db
    .insertInto('outbox')
    .values(
      [...new Set(destinations)].map((destination) => ({
        id: `${digest}/${reply.attempt}/${message.message}/${destination}`,
        run_id: message.runId,
        application: message.application,
        destination,
        place: placeOf(destination),
        message: message.message,
        reply: JSON.stringify(reply),
        delivery: message.delivery,
        revision: message.revision,
        request_source: message.requestSource,
        state: 'due' as const,
        tries: 0,
        due_at: isLeased(placeOf(destination)) ? nowMs + (lease?.leaseMs ?? 0) : nowMs,
        written_at: nowMs,
        sent_at: null,
        last_error: null,
        traceparent: message.traceparent,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((set) => ({
        state: 'due' as const,
        tries: 0,
        due_at: set.ref('excluded.due_at'),
        last_error: null,
      })),
    )
    .$if(lease !== undefined, (query) => query.returningAll())
    .execute()
  const leased = (rows as readonly Selectable<OutboxTable>[]).filter(
    ({ place }) => lease !== undefined && isLeased(place),
  )
  // nobody else need look for what is leased
  if (leased.length < new Set(destinations).size) changed('messages')
  return leased.map(messageOf)
}
