import type { Scope } from '../operation.ts'
import type { Actor } from '../repository.ts'

export interface NewEvent {
  readonly application?: string | undefined
  readonly runId?: string | undefined
  readonly type: string
  readonly actor: Actor
  readonly data?: Readonly<Record<string, unknown>>
}

/** Appends to the history, in the transaction of what it tells. */
export async function writeEvents({ db, nowMs }: Scope, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  await db
    .insertInto('events')
    .values(
      events.map(({ application, runId, type, actor, data }) => ({
        at: nowMs,
        application: application ?? null,
        run_id: runId ?? null,
        type,
        actor,
        data: JSON.stringify(data ?? {}),
      })),
    )
    .execute()
}
