import { isFinal, nextRunState } from '@bulkhead/engine/job/run-state'
import type { Scope } from '../operation.ts'
import type { CommandTaken, NewCommand } from '../repository.ts'
import { endWithoutRunner } from './end-run.ts'
import { lockedRun } from './locked-run.ts'
import { cancelledError } from './reply-of-run.ts'
import { writeEvents } from './write-event.ts'

/** Addressed to the run, whoever has it, and kept until it is effective (I2). */
export async function command(
  scope: Scope,
  { id, command: asked }: { readonly id: string; readonly command: NewCommand },
): Promise<CommandTaken> {
  const { db, nowMs } = scope
  const { runId, actor, reason } = asked
  const row = await lockedRun(scope, runId)
  if (row === undefined) return { is: 'run-unknown' }
  if (isFinal(row.state)) return { is: 'run-over', state: row.state }
  const open = await db
    .selectFrom('commands')
    .select('id')
    .where('run_id', '=', runId)
    .where('command', '=', asked.command)
    .where('effective_at', 'is', null)
    .executeTakeFirst()
  if (open !== undefined) return { is: 'accepted', commandId: open.id }
  await db
    .insertInto('commands')
    .values({
      id,
      run_id: runId,
      command: asked.command,
      reason,
      actor,
      asked_at: nowMs,
      effective_at: null,
    })
    .execute()
  await writeEvents(scope, [
    { application: row.application, runId, type: `${asked.command}-asked`, actor, data: { reason } },
  ])
  scope.changed('commands')
  if (nextRunState(row.state, 'cancel-asked') !== 'cancelled') return { is: 'accepted', commandId: id }
  await endWithoutRunner(scope, row, 'cancelled', cancelledError(), actor)
  return { is: 'effective', commandId: id }
}

export async function commandEffective(scope: Scope, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const { db, nowMs } = scope
  const effective = await db
    .updateTable('commands')
    .set({ effective_at: nowMs })
    .where('id', 'in', [...ids])
    .where('effective_at', 'is', null)
    .returning(['run_id', 'command', 'actor'])
    .execute()
  if (effective.length === 0) return
  const runs = await db
    .selectFrom('runs')
    .select(['run_id', 'application'])
    .where(
      'run_id',
      'in',
      effective.map(({ run_id }) => run_id),
    )
    .execute()
  const applications = new Map(runs.map(({ run_id, application }) => [run_id, application]))
  await writeEvents(
    scope,
    effective.map((each) => ({
      application: applications.get(each.run_id),
      runId: each.run_id,
      type: `${each.command}-effective`,
      actor: each.actor,
    })),
  )
}
