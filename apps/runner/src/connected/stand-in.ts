import type { Request } from '@bulkhead/contract'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import type { Ended } from '../stored-reply.ts'

/** What stands in the place of an application's sources, for a whole runner process. */
export interface StandIn {
  /** For whoever only looks whether a source answers. */
  readonly openSource: NonNullable<RunContext['openSource']>
  /**
   * For one request: its run or its preview gets this context.
   * @throws BulkheadError what the request is answered with
   */
  contextOf(request: Request, context: RunContext): RunContext
  /** How a run that reached its end is said to have ended. */
  endOf(ended: ReachedEnd, request: Request): ReachedEnd
}

export type ReachedEnd = Extract<Ended, { readonly result: unknown }>
