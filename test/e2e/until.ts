import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const patienceMs = 60_000

/** Waits for what has to come: a busy machine takes its time. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<NonNullable<T>> {
  const end = performance.now() + patienceMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null) return found
    assert.ok(performance.now() < end, `${what} did not come`)
    await sleep(50)
  }
}
