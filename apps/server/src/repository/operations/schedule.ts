import type { Scope } from '../operation.ts'

interface Fired {
  readonly application: string
  readonly trigger: string
  readonly after: number | undefined
  readonly at: number
}

/** Of all who saw the same time come, one moves the memory on. */
export async function fired({ db }: Scope, { application, trigger, after, at }: Fired): Promise<boolean> {
  const moved =
    after === undefined
      ? await db
          .insertInto('schedules')
          .values({ application, trigger, last_at: at })
          .onConflict((conflict) => conflict.doNothing())
          .returning('last_at')
          .executeTakeFirst()
      : await db
          .updateTable('schedules')
          .set({ last_at: at })
          .where('application', '=', application)
          .where('trigger', '=', trigger)
          .where('last_at', '=', after)
          .returning('last_at')
          .executeTakeFirst()
  return moved !== undefined
}

export async function lastFired(
  { db }: Scope,
  { application, trigger }: { readonly application: string; readonly trigger: string },
): Promise<number | undefined> {
  const row = await db
    .selectFrom('schedules')
    .select('last_at')
    .where('application', '=', application)
    .where('trigger', '=', trigger)
    .executeTakeFirst()
  return row?.last_at
}
