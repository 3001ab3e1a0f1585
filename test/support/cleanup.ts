/**
 * Cleaning up after a test, later than the test's own `after` hooks.
 *
 * `node:test` runs hooks in the order of their registration, so a test that first makes a database
 * and then a client would see the database dropped under the living client. Work registered here
 * begins when the test's hooks run, may wait for others to let go, and is awaited at the end of
 * the file.
 */
import { after } from 'node:test'

/** What can run something when it is over: a test's context, or `{ after }` of `node:test` for a whole file. */
export interface Scope {
  after(action: () => void | Promise<void>): void
}

const running: Promise<void>[] = []

after(cleanedUp)

/** Resolves when all that was begun is done: for what is no test, and must not end its servers before. */
export async function cleanedUp(): Promise<void> {
  const results = await Promise.allSettled(running)
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'))
}

/** Starts `action` when the scope is over; a failure of it fails the file. */
export function afterwards(scope: Scope, action: () => Promise<void>): void {
  scope.after(() => {
    const promise = action()
    promise.catch(() => undefined) // reported by the hook above
    running.push(promise)
  })
}
