import { describe, test } from 'node:test'
import { sourceChecks } from './source-checks.ts'
import { specChecks } from './spec-checks.ts'
import { storeChecks } from './store-checks.ts'
import type { SourceSubject, StoreSubject } from './subject.ts'

/**
 * Registers the contract's tests of a source with `node:test`, one test a promise. Call it once in a
 * test file of the connector, against a real system.
 */
export function sourceKit<Config>(subject: SourceSubject<Config>): void {
  describe(`${subject.connector.name} as a source`, () => {
    for (const check of specChecks) test(check.title, () => check.run(subject))
    for (const check of sourceChecks({ pauseMs: 300, slowMs: 500 }))
      test(check.title, () => check.run(subject))
  })
}

/** Registers the contract's tests of a store with `node:test`. */
export function storeKit<Config>(subject: StoreSubject<Config>): void {
  describe(`${subject.connector.name} as a store`, () => {
    for (const check of specChecks) test(check.title, () => check.run(subject))
    for (const check of storeChecks) test(check.title, () => check.run(subject))
  })
}
