/**
 * Executes runs, stand-alone: a request in, a reply out. What one of these needs, the others do not load.
 */
import type { CheckedItem, CheckOptions } from './check-application.ts'
import type { PreviewedRequest, PreviewOptions } from './preview-request.ts'

export type { CheckedItem, CheckOptions } from './check-application.ts'
export { type ApplicationChoice, openApplication, type OpenedApplication } from './open-application.ts'
export type { PreviewedRequest, PreviewOptions } from './preview-request.ts'
export type { OpenLinks, ProcessOptions } from './run-in-process.ts'
export { type RunAnswer, runRequest, type RunRequestOptions } from './run-request.ts'

/**
 * Opens every connection and store of an application with its secrets, and says what answered: all at
 * once, each for itself. Reads no data, and leaves none.
 *
 * @throws BulkheadError when the application itself cannot be read
 */
export async function checkApplication(options: CheckOptions): Promise<readonly CheckedItem[]> {
  return (await import('./check-application.ts')).checkApplication(options)
}

/**
 * The first rows of what a request would give, through all its steps. Writes nothing.
 * @throws BulkheadError redacted, without a cause
 */
export async function previewRequest(options: PreviewOptions): Promise<PreviewedRequest> {
  return (await import('./preview-request.ts')).previewRequest(options)
}
