/** The cases that both homes pass, told once. */
import type { Repository } from '../repository.ts'
import { idempotencyCases } from './idempotency.test-support.ts'
import { interleavingCases } from './interleavings.test-support.ts'
import { keepingCases } from './keeping.test-support.ts'
import { laneCases } from './lanes.test-support.ts'
import { leaseCases } from './leases.test-support.ts'
import { outboxCases } from './outbox.test-support.ts'
import { resultCases } from './results.test-support.ts'
import { rolloutCases } from './rollouts.test-support.ts'
import { reuseCases } from './reuse.test-support.ts'
import { revisionCases } from './revisions.test-support.ts'

export interface TestHome {
  /** A repository of its own for one test, with a clock that the test moves. */
  open(
    scope: { after(action: () => Promise<void>): void },
    options?: TestHomeOptions,
  ): Promise<TestRepository>
}

export interface TestHomeOptions {
  readonly memoryMs?: number
}

export interface TestRepository {
  readonly repository: Repository
  /** Another way to the same data: a second server, or the same thread where only one may have it. */
  readonly other: Repository
  /** Moves the repository's clock on. */
  readonly pass: (ms: number) => void
  readonly now: () => number
}

export function repositorySuite(home: TestHome): void {
  idempotencyCases(home)
  leaseCases(home)
  laneCases(home)
  outboxCases(home)
  keepingCases(home)
  resultCases(home)
  reuseCases(home)
  revisionCases(home)
  rolloutCases(home)
  interleavingCases(home)
}
