import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { STOP_MS } from './expect.ts'
import { faultChecks } from './fault-checks.ts'
import { type KitResult, recordResults, unexplained } from './kit-results.ts'
import { sourceChecks } from './source-checks.ts'
import { sourceFaultChecks } from './source-fault-checks.ts'
import { sourceTruthChecks } from './source-truth-checks.ts'
import { specChecks } from './spec-checks.ts'
import { storeChecks } from './store-checks.ts'
import { storeFaultChecks } from './store-fault-checks.ts'
import type { Check, SourceSubject, StoreSubject, Subject } from './subject.ts'
import { textParameterChecks } from './text-parameter-check.ts'

const patience = { pauseMs: 300, slowMs: 500, connectMs: 1_000, hangMs: 30_000, stopMs: STOP_MS }

/** Every check of a source, in the order in which an author should make them pass. */
const checksOfSources: readonly Check<SourceSubject<unknown>>[] = [
  ...specChecks,
  ...sourceChecks(patience),
  ...sourceTruthChecks,
  ...textParameterChecks(patience),
  ...faultChecks(patience),
  ...sourceFaultChecks(patience),
]

/** Every check of a store. */
const checksOfStores: readonly Check<StoreSubject<unknown>>[] = [
  ...specChecks,
  ...storeChecks,
  ...faultChecks(patience),
  ...storeFaultChecks(patience),
]

/** What is checked of each role, by title: whoever keeps results knows by it which are complete. */
export const kitChecks: Readonly<Record<'source' | 'store', readonly string[]>> = {
  source: checksOfSources.map(({ title }) => title),
  store: checksOfStores.map(({ title }) => title),
}

/**
 * Registers the contract's tests of a source with `node:test`, one test a promise. Call it once in a
 * test file of the connector, against a real system.
 */
export function sourceKit<Config>(subject: SourceSubject<Config>): void {
  register('source', checksOfSources, subject)
}

/** Registers the contract's tests of a store with `node:test`. */
export function storeKit<Config>(subject: StoreSubject<Config>): void {
  register('store', checksOfStores, subject)
}

function register<S extends Subject<unknown>>(
  role: 'source' | 'store',
  checks: readonly Check<S>[],
  subject: S,
): void {
  const results: KitResult[] = []
  describe(`${subject.connector.name} as a ${role}`, () => {
    for (const { title, leftOut, run } of checks) {
      const reason = leftOut?.(subject)
      if (reason !== undefined) {
        results.push({ check: title, result: 'left-out', reason })
        continue
      }
      test(title, async () => {
        const result = { check: title, result: 'failed' as 'failed' | 'passed' }
        results.push(result)
        await run(subject)
        result.result = 'passed'
      })
    }
    test('says of each check that it leaves out why', (t) => {
      for (const { check, result, reason } of results) {
        if (result === 'left-out') t.diagnostic(`left out: ${check}: ${reason ?? ''}`)
      }
      assert.deepEqual(
        unexplained(results),
        [],
        'Give what a check needs, or `{ cannot: REASON }` in its place',
      )
    })
    after(() => {
      const order = checks.map(({ title }) => title)
      return recordResults(
        subject,
        role,
        results.toSorted((a, b) => order.indexOf(a.check) - order.indexOf(b.check)),
      )
    })
  })
}
