import type { Plan } from '../plan/plan.ts'
import { fetchFiles } from './fetch-files.ts'
import type { ConnectionServices } from './open-connection.ts'
import type { RunContext } from './run-context.ts'
import { cleanUpTime, within } from './stop.ts'
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'

/** What the connections of a run are given, with the temporary folder that they share. */
export function runServices(
  plan: Pick<Plan, 'source' | 'limits'>,
  context: RunContext,
  signal: AbortSignal,
  /** Ends the run, when its temporary files grow past their limit. */
  limit: AbortController,
): AsyncDisposable & { readonly services: ConnectionServices } {
  const temporary = temporaryFolder({
    root: context.temporaryRoot,
    limitBytes: plan.limits.temporaryBytes,
    onExceeded: (error) => limit.abort(error),
  })
  const services: ConnectionServices = {
    context,
    signal,
    cleanUpMs: cleanUpTime(signal, context.clock),
    temporaryFolder: () => temporary.path(),
    fetchFiles: (connection, query, caller) =>
      fetchFiles(connection, query, AbortSignal.any([caller, signal]), {
        source: plan.source,
        temporary,
        services,
      }),
  }
  return { services, [Symbol.asyncDispose]: () => removeFolder(temporary, services) }
}

/** A query may spill so much while it is looked at: it reads no data. */
const checkTemporaryBytes = 256 * 1024 * 1024

/** For what opens a connection and moves nothing: it has a temporary folder too, and fetches nothing. */
export function checkServices(
  context: RunContext,
): AsyncDisposable & { readonly services: ConnectionServices } {
  const limit = new AbortController()
  const signal = AbortSignal.any([context.signal, limit.signal])
  const temporary = temporaryFolder({
    root: context.temporaryRoot,
    limitBytes: checkTemporaryBytes,
    onExceeded: (error) => limit.abort(error),
  })
  const services: ConnectionServices = {
    context,
    signal,
    cleanUpMs: cleanUpTime(signal, context.clock),
    temporaryFolder: () => temporary.path(),
    fetchFiles: () => Promise.reject(new Error('No files are fetched to look at a connection')),
  }
  return { services, [Symbol.asyncDispose]: () => removeFolder(temporary, services) }
}

/** Never fails: a result that is there is not lost for what stays in a temporary folder; the next run sweeps it. */
async function removeFolder(
  temporary: TemporaryFolder,
  { context, cleanUpMs }: ConnectionServices,
): Promise<void> {
  try {
    await within(async () => temporary[Symbol.asyncDispose](), cleanUpMs())
  } catch (error) {
    context.log.warn('The temporary folder could not be removed', { error: String(error) })
  }
}

/** For what needs no files at all: making links. */
export function withoutTemporaryFolder(context: RunContext): ConnectionServices {
  const refuse = (): Promise<never> => Promise.reject(new Error('No files are needed here'))
  return {
    context,
    signal: context.signal,
    cleanUpMs: cleanUpTime(context.signal, context.clock),
    temporaryFolder: refuse,
    fetchFiles: refuse,
  }
}
