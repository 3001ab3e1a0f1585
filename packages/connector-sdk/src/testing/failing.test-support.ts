import assert from 'node:assert/strict'
import type { Check } from './subject.ts'

/**
 * Runs all checks that can be made, each against a subject of its own.
 * @returns the titles of those that fail, so that a double can be shown to fail exactly the one it is made for
 */
export async function failing<S>(checks: readonly Check<S>[], subject: () => S): Promise<string[]> {
  const titles: string[] = []
  for (const check of checks) {
    const one = subject()
    if (check.leftOut?.(one) !== undefined) continue
    try {
      await check.run(one)
    } catch (error) {
      assert.ok(error instanceof Error)
      titles.push(check.title)
    }
  }
  return titles
}
