import type { Request } from '@bulkhead/contract'
import type { Application, Catalog, Plan } from '@bulkhead/engine'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'
import { hideCredentials, hideParameters, hideSecretsOf } from './known-credentials.ts'
import { openCredentials } from './open-credentials.ts'

export interface PlanRequestOptions {
  readonly application: Application
  readonly request: Request
  readonly catalog: Promise<Catalog>
  readonly redactor: Redactor
  /** Where the keys of the application lie, for credentials that the request brings sealed. */
  readonly stateFolder: string
  readonly nowMs: number
  /** Asked for when the job has preparing work, which runs in it. */
  readonly context: (plan: Plan) => RunContext
}

/**
 * The plan of a request as only a runner can make it: credentials opened, and the application's preparing work done. The
 * redactor knows every secret of it before anybody else does.
 *
 * @throws BulkheadError as `planRun`, `openCredentials` and `prepareRun` do
 */
export async function planRequest(options: PlanRequestOptions): Promise<Plan> {
  const { application, request, redactor, stateFolder, nowMs } = options
  hideCredentials(request, redactor)
  const unsealing = { application: application.name, stateFolder, redactor, nowMs }
  const credentials = await openCredentials(request, unsealing)
  const catalog = await options.catalog
  const planned = planRun({ application, request, catalog, nowMs, credentials })
  hideSecretsOf(planned, redactor)
  hideParameters(planned, redactor)
  if (planned.preparation === undefined) return planned
  const { prepareRun } = await import('@bulkhead/engine/run/prepare/prepare-run')
  const prepared = await prepareRun(planned, request, options.context(planned))
  const plan = planRun({ application, request, catalog, nowMs, credentials, prepared })
  hideSecretsOf(plan, redactor)
  hideParameters(plan, redactor)
  return plan
}
