/** Executes runs, stand-alone: a request in, a reply out. */
export { checkApplication, type CheckedItem, type CheckOptions } from './check-application.ts'
export type { ApplicationChoice } from './open-application.ts'
export { type PreviewOptions, previewRequest } from './preview-request.ts'
export type { OpenLinks, ProcessOptions } from './run-in-process.ts'
export { type RunAnswer, runRequest, type RunRequestOptions } from './run-request.ts'
