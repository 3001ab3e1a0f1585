import type { Prepare, PrepareContext, PrepareRequest } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { loadCode } from '../load-code.ts'

/**
 * Calls the default export of a preparing file.
 *
 * @throws BulkheadError `prepare-invalid`, `prepare-failed`, `file-not-found`, `file-outside-application`
 */
export async function callPreparingCode(
  folder: string,
  file: string,
  path: string,
  { request, context }: { readonly request: PrepareRequest; readonly context: PrepareContext },
): Promise<unknown> {
  const module = await loadCode(folder, { file, path, code: 'prepare-invalid' })
  const prepare = module['default']
  if (typeof prepare !== 'function')
    throw fault('prepare-invalid', `${file} has no function as its default export`, { path })
  try {
    // its own copy: what the code changes, the plan does not see
    return await (prepare as Prepare)(structuredClone(request), context)
  } catch (cause) {
    // its own message may quote the request; it stays in the cause, which no reply shows
    const kind = cause instanceof Error ? cause.name : 'a value that is no Error'
    throw fault('prepare-failed', `The preparing code ${file} threw ${kind}`, { path, cause })
  }
}
