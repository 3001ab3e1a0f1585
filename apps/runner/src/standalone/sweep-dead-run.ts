import type { Request } from '@bulkhead/contract'
import type { Catalog } from '@bulkhead/engine'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { sweepFolders } from '@bulkhead/engine/run/sweep-folders'
import type { OpenedApplication } from '../open-application.ts'

/**
 * Removes what a run left whose process died (I5). Never rejects: what stays is told to the log, and is a reason
 * not to answer in no case.
 */
export async function sweepDeadRun(
  request: Request,
  run: { readonly opened: OpenedApplication; readonly catalog: Catalog; readonly context: RunContext },
): Promise<void> {
  const { opened, catalog, context } = run
  try {
    const { application } = opened
    // planned as it was; one that cannot be planned has written nothing
    const { store } = planRun({ application, request, catalog, nowMs: context.clock.now() })
    await sweepFolders(store, [context.runId], context)
  } catch (error) {
    context.log.warn('What the dead run left could not be removed', { runId: context.runId, error })
  }
}
