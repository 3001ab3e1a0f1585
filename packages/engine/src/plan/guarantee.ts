import { type Guarantee, type ProcessStep } from '@bulkhead/contract'

/** What is promised about a result, computed from what source, processing and store declare. */

export interface GuaranteeQuestion {
  /** Whether the result is one object, or several that appear one after the other. */
  readonly objects: 'one' | 'several'
  /** The same read yields the same rows again, when nobody wrote. */
  readonly replayable: boolean
  readonly snapshot: boolean
  readonly process: readonly ProcessStep[]
  /** Most attempts in all. */
  readonly attempts: number
}

export interface ComputedGuarantee {
  readonly guarantee: Guarantee
  /** Why, as sentences. */
  readonly reasons: readonly string[]
}

/** Weakest first: a demand is met by its own level and everything after it. */
const order = ['at-least-once', 'at-least-once-with-dedupe-key', 'exactly-once-effect'] as const

export function computeGuarantee(question: GuaranteeQuestion): ComputedGuarantee {
  const { objects, replayable, snapshot, process, attempts } = question
  const reasons: string[] = []
  // I5: the store's promise, which the contract test kit proves
  if (objects === 'one')
    reasons.push("The result is one object under the run's own key, invisible until it is complete")
  else
    reasons.push(
      'The result is several objects, which appear one after the other: a run that is killed can leave some of them',
      "All have the run's own key, and the reply names those that count",
    )
  if (attempts > 1)
    reasons.push('A failed attempt leaves nothing behind, and the next reads everything again')
  if (!replayable)
    reasons.push(
      'The source may give other rows to a repeated attempt; those of one attempt are never mixed with another',
    )
  if (!snapshot) reasons.push('The source is read while others write, so the rows need not be of one moment')
  if (process.some((step) => 'map' in step))
    reasons.push(
      "The application's code runs again when an attempt is repeated: it should have no effects of its own",
    )
  return {
    guarantee: objects === 'one' ? 'exactly-once-effect' : 'at-least-once-with-dedupe-key',
    reasons,
  }
}

/** Whether what is kept is at least what is demanded. */
export function keeps(guarantee: Guarantee, demanded: Guarantee): boolean {
  return order.indexOf(guarantee) >= order.indexOf(demanded)
}
