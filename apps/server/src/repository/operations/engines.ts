import { reach } from '@bulkhead/engine/observe/moments'
import type { Scope } from '../operation.ts'
import type { EngineAside, EngineFault, NewRollout, RolloutResult } from '../revision-keeping.ts'
import { writeEvents } from './write-event.ts'

/** Puts applications on an engine, all or none. */
export async function setEngines(
  scope: Scope,
  { applications, engine, actor }: NewRollout,
): Promise<RolloutResult> {
  const { db, nowMs, traits } = scope
  const names = applications.map(({ application }) => application)
  if (names.length === 0) return { is: 'rolled-out', moved: [] }
  const rows = await db
    .selectFrom('applications')
    .select(['name', 'number', 'engine', 'engine_aside'])
    .where('name', 'in', names)
    .orderBy('name') // two that change the same ones wait for each other
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .execute()
  const byName = new Map(rows.map((row) => [row.name, row]))
  for (const { application, before } of applications) {
    const row = byName.get(application)
    // without a revision it was never there
    if (row === undefined || row.number === 0) return { is: 'unknown', application }
    if (row.engine !== before) return { is: 'stale', application }
  }
  const moved = rows.filter((row) => row.engine !== engine)
  const decided = rows.filter((row) => row.engine !== engine || row.engine_aside !== null)
  if (decided.length === 0) return { is: 'rolled-out', moved: [] }
  await db
    .updateTable('applications')
    .set({ engine, engine_aside: null, changed_at: nowMs })
    .where(
      'name',
      'in',
      decided.map(({ name }) => name),
    )
    .execute()
  reach('within-change')
  await writeEvents(
    scope,
    moved.map(({ name, engine: before }) => ({
      application: name,
      type: 'engine-set',
      actor,
      data: { engine, before },
    })),
  )
  scope.changed('applications')
  return { is: 'rolled-out', moved: moved.map(({ name }) => name) }
}

/** Takes an application from an engine that does not work, when it is on it still. */
export async function setEngineAside(
  scope: Scope,
  { application, engine, code, message, actor }: EngineAside,
): Promise<boolean> {
  const fault: EngineFault = { engine, code, message }
  const taken = await scope.db
    .updateTable('applications')
    .set({ engine: null, engine_aside: JSON.stringify(fault), changed_at: scope.nowMs })
    .where('name', '=', application)
    .where('engine', '=', engine)
    .returning('name')
    .executeTakeFirst()
  if (taken === undefined) return false
  const data = { ...fault }
  await writeEvents(scope, [{ application, type: 'engine-set-aside', actor, data }])
  scope.changed('applications')
  return true
}
