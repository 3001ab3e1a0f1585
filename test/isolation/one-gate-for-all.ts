/**
 * Loaded first into a server by a planted failure: one gate for the triggers of all applications, which takes one message after the
 * other, as one consumer for all topics would.
 */
import { registerHooks } from 'node:module'
import type { createGate as createOwn, Gate } from '../../apps/server/src/triggers/gate.ts'

const leak = new URL(import.meta.url)
let before: Promise<unknown> = Promise.resolve()

registerHooks({
  resolve(specifier, context, next) {
    const isWanted =
      specifier === '../gate.ts' && context.parentURL?.endsWith('/triggers/kafka/kafka-trigger.ts')
    return isWanted === true ? { url: leak.href, shortCircuit: true } : next(specifier, context)
  },
})

/** In the place of the trigger's own: what passes waits until all that came before, of whatever topic, has passed. */
export function createGate(...args: Parameters<typeof createOwn>): Gate {
  const own = import('../../apps/server/src/triggers/gate.ts').then((gate) => gate.createGate(...args))
  return {
    pass(act, signal) {
      const passing = before.then(async () => (await own).pass(act, signal))
      before = passing.catch(() => undefined)
      return passing
    },
    state: () => undefined,
  }
}
