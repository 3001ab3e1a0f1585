import { randomBytes } from 'node:crypto'
import { runIdOf } from '@bulkhead/engine/job/run-id'

/** @param nowMs  epoch milliseconds */
export function newRunId(nowMs: number): string {
  return runIdOf(nowMs, randomBytes(10))
}
