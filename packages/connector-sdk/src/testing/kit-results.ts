import { appendFile } from 'node:fs/promises'
import process from 'node:process'
import { isUnexplained, type Subject } from './subject.ts'

/** What came of one check. */
export interface KitResult {
  readonly check: string
  readonly result: 'passed' | 'failed' | 'left-out'
  /** Why it was left out. */
  readonly reason?: string
}

/** What came of all checks of a role, in their order. */
export interface KitRun {
  readonly connector: string
  readonly role: 'source' | 'store'
  /** What they ran against: `PostgreSQL 15.14`. */
  readonly system: string
  readonly results: readonly KitResult[]
}

/** Checks that were left out and nobody said why, each with what the test does not give. */
export function unexplained(results: readonly KitResult[]): readonly string[] {
  return results
    .filter(({ result, reason }) => result === 'left-out' && isUnexplained(reason ?? ''))
    .map(({ check, reason }) => `${check}: ${reason ?? 'no reason'}`)
}

/**
 * Appends what came of a run to the file that the variable BULKHEAD_KIT_RESULTS names, one line of JSON a
 * role; nothing when it is not set.
 *
 * @throws Error when the subject does not say what it ran against, or why it leaves a check out: such a
 *         record would say little
 */
export async function recordResults(
  subject: Subject<unknown>,
  role: KitRun['role'],
  results: readonly KitResult[],
): Promise<void> {
  const file = process.env['BULKHEAD_KIT_RESULTS']
  if (file === undefined || file === '') return
  const system = typeof subject.system === 'function' ? await subject.system() : subject.system
  if (system === undefined) throw new Error('The test does not say by `system` what it runs against')
  const [silent] = unexplained(results)
  if (silent !== undefined) throw new Error(silent)
  const run: KitRun = { connector: subject.connector.name, role, system, results }
  await appendFile(file, `${JSON.stringify(run)}\n`)
}
