import type { Scope } from '../operation.ts'
import type { LogSegment, Page, StoredLogSegment } from '../repository.ts'
import { pageOf } from './page.ts'

/** Of one run: half for its beginning, half for its end. */
const mostLogBytes = 1024 * 1024
/** Segments of one epoch, in the order of their numbers; those of the next epoch follow. */
const numbersOfEpoch = 1_000_000_000

export async function appendLog(scope: Scope, segments: readonly LogSegment[]): Promise<void> {
  const byRun = Map.groupBy(segments, ({ runId }) => runId)
  // always in the same order, so that two callers never wait for each other
  for (const runId of [...byRun.keys()].toSorted()) await appendTo(scope, runId, byRun.get(runId) ?? [])
}

async function appendTo({ db, nowMs }: Scope, runId: string, segments: readonly LogSegment[]): Promise<void> {
  await db
    .insertInto('log_segments')
    .values(
      segments.map(({ epoch, number, text }) => ({
        run_id: runId,
        position: epoch * numbersOfEpoch + number,
        epoch,
        number,
        written_at: nowMs,
        bytes: Buffer.byteLength(text),
        text,
      })),
    )
    .onConflict((conflict) => conflict.columns(['run_id', 'position']).doNothing())
    .execute()
  const kept = await db
    .selectFrom('log_segments')
    .select(['position', 'bytes'])
    .where('run_id', '=', runId)
    .orderBy('position')
    .execute()
  const leftOut = middleOf(kept)
  if (leftOut.length > 0)
    await db.deleteFrom('log_segments').where('run_id', '=', runId).where('position', 'in', leftOut).execute()
}

/** What is between the beginning and the end that are kept (I8). */
function middleOf(segments: readonly { readonly position: number; readonly bytes: number }[]): number[] {
  let total = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  let head = 0
  const middle: number[] = []
  for (const { position, bytes } of segments) {
    if (total <= mostLogBytes) break
    head += bytes
    if (head <= mostLogBytes / 2) continue
    middle.push(position)
    total -= bytes
  }
  return middle
}

/** Oldest first. */
export async function log(
  { db }: Scope,
  { runId, after, most }: { readonly runId: string; readonly after: number; readonly most: number },
): Promise<Page<StoredLogSegment>> {
  const rows = await db
    .selectFrom('log_segments')
    .select(['position', 'epoch', 'number', 'text'])
    .where('run_id', '=', runId)
    .where('position', '>', after)
    .orderBy('position')
    .limit(most + 1)
    .execute()
  const items = rows.map(({ position, epoch, number, text }) => ({ runId, position, epoch, number, text }))
  return pageOf(items, most, ({ position }) => String(position))
}
