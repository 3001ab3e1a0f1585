import { resolve } from 'node:path'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Whether there is a request, wherever it is. */
export function saysWhatToRun(options: QuestionOptions, terminal: Terminal): boolean {
  return options.request !== undefined || givenRequest(options, terminal) !== undefined
}

/** Where Knative puts the event of a job, unless it says another folder. */
const eventFolder = '/etc/jobsink-event'

/**
 * What comes with a container, when its command line asks for nothing: a variable, or the event that a JobSink mounts
 * as the file `event`.
 * @see https://knative.dev/docs/eventing/sinks/job-sink/
 */
export function givenRequest(
  { job, parameter = [] }: QuestionOptions,
  { environment, folder }: Terminal,
): { readonly text: string } | { readonly file: string } | undefined {
  if (job !== undefined || parameter.length > 0) return undefined
  const text = environment['BULKHEAD_REQUEST']
  if (text !== undefined && text !== '') return { text }
  if (environment['K_EXECUTION_MODE'] !== 'batch') return undefined
  return { file: resolve(folder, environment['K_EVENT_PATH'] ?? eventFolder, 'event') }
}
