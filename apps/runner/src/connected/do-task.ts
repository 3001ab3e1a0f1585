import { isBulkheadError } from '@bulkhead/connector-sdk'
import { type FinishTask, type TaskWork } from '@bulkhead/contract'
import { declaredStore } from '@bulkhead/engine/plan/planned-connection'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { runError } from '@bulkhead/engine/run/stop'
import { redactedError } from '../redacted-error.ts'
import { openStoreLinks } from '../run-in-process.ts'
import type { RunnerHome } from './runner-home.ts'

/** The server stops waiting earlier; this is for a store that never answers. */
const patienceMs = 120_000

/** Does what the server asks beside runs, because it never loads a connector itself. Never rejects. */
export async function doTask(work: TaskWork, home: RunnerHome, stop: AbortSignal): Promise<FinishTask> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)])
  using context = home.contextFor({ runId: work.taskId, log: home.log, signal })
  try {
    return { result: await context.guard.within(() => resultOf(work, home, context)) }
  } catch (error) {
    const known = isBulkheadError(error) ? error : runError(error, signal)
    home.log.debug(`The task ${work.task} failed: ${known.message}`, { code: known.code, cause: known.cause })
    return { error: replyErrorOf(redactedError(known, home.redactor)) }
  }
}

async function resultOf(work: TaskWork, home: RunnerHome, context: RunContext): Promise<unknown> {
  const { application, baseFolder } = home.opened
  const catalog = await home.catalog
  switch (work.task) {
    case 'sign': {
      const store = declaredStore(application, catalog, work.delivery.store, '')
      const signLink = await openStoreLinks(store, baseFolder, application.name, home.openLinks)
      const { linkFiles } = await import('@bulkhead/engine/run/link-files')
      return linkFiles(store, work.delivery, { ...context, ...(signLink !== undefined && { signLink }) })
    }
    case 'cleanup': {
      const store = declaredStore(application, catalog, work.store, '')
      const { sweepFolders } = await import('@bulkhead/engine/run/sweep-folders')
      await sweepFolders(store, work.folders, context)
      return null
    }
    case 'check': {
      const { checkOpened } = await import('../check-application.ts')
      const items = await checkOpened(application, catalog, { context, redactor: home.redactor })
      return items.map(({ role, name, connector, message, error }) => ({
        role,
        name,
        connector,
        ...(message !== undefined && { message }),
        ...(error !== undefined && { error: replyErrorOf(error) }),
      }))
    }
    case 'preview': {
      const { previewTask } = await import('./preview-task.ts')
      return previewTask(work, home, context)
    }
  }
}
