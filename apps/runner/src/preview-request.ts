import { readRequest } from '@bulkhead/contract'
import type { Application, Plan } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { stateFolder } from '@bulkhead/engine/links/state-folder'
import { type Preview, previewPlan } from '@bulkhead/engine/run/preview'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { runError } from '@bulkhead/engine/run/stop'
import { createRedactor } from '@bulkhead/engine/secrets/redactor'
import { type ApplicationChoice, openApplication } from './open-application.ts'
import { planRequest } from './plan-request.ts'
import { redactedError } from './redacted-error.ts'
import { newRunId } from './run-id.ts'
import { type ProcessOptions, runInProcess, systemClock } from './run-in-process.ts'

export interface PreviewOptions extends ProcessOptions {
  readonly application: ApplicationChoice
  readonly connectorRoots: readonly string[]
  /** As for `runRequest`. */
  readonly request: (application: Application | undefined) => Promise<unknown>
  /** Most rows to show. */
  readonly rows: number
  /** In place of the planned source: tests of an application bring their own rows. */
  readonly openSource?: RunContext['openSource']
  /** The same for the job's preparing work. */
  readonly prepare?: RunContext['prepare']
}

export interface PreviewedRequest extends Preview {
  readonly plan: Plan
}

/** @throws BulkheadError redacted, without a cause */
export async function previewRequest(options: PreviewOptions): Promise<PreviewedRequest> {
  const redactor = createRedactor()
  try {
    const { application, baseFolder, isBuiltin } = await openApplication(options.application)
    const request = readRequest(await options.request(isBuiltin ? undefined : application))
    const nowMs = systemClock.now()
    const { allow } = application.manifest.spec.policy.network
    const network = { allow, allowLoopback: application.platform.allowLoopback }
    using process = runInProcess(
      { runId: newRunId(nowMs), application, baseFolder, network, redactor },
      options,
    )
    const context: RunContext = {
      ...process.context,
      ...(options.openSource !== undefined && { openSource: options.openSource }),
      ...(options.prepare !== undefined && { prepare: options.prepare }),
    }
    const plan = await planRequest({
      application,
      request,
      catalog: readCatalog(options.connectorRoots),
      redactor,
      stateFolder: stateFolder(options.environment),
      nowMs,
      context: () => context,
    })
    return { ...(await previewPlan(plan, options.rows, context)), plan }
  } catch (error) {
    throw redactedError(runError(error, options.signal), redactor)
  }
}
