import type { Scope } from '../operation.ts'

/** Ends the leases of messages that their server does not come to any more. */
export async function giveBackMessages({ db, nowMs, changed }: Scope, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db
    .updateTable('outbox')
    .set({ due_at: nowMs })
    .where('id', 'in', [...ids])
    .where('state', '=', 'due')
    .where('due_at', '>', nowMs)
    .execute()
  changed('messages')
}
