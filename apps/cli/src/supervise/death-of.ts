import { type BulkheadError, cancelled } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Supervised } from './supervised.ts'

/** Why there is no result, as the reply says it. */
export function deathOf({ died }: Supervised): BulkheadError | undefined {
  if (died === undefined) return undefined
  return died.asked
    ? cancelled('The run was stopped, and did not end in time')
    : fault('runner-died', `The process of the run ${died.how}`, {
        fix: 'See its log; raise the memory of the container when memory was the reason',
      })
}
