import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { givenRequest } from './given-request.ts'
import { readInput } from './read-input.ts'

/**
 * The request that a command line stands for, as `readRequest` takes it: the text of a file or of
 * standard input, untouched, or a plain request for a job with parameters.
 * @param application  undefined: the built-in one, which has no jobs
 * @throws BulkheadError `usage`, `request-unreadable`
 */
export async function readQuestion(
  options: QuestionOptions,
  application: Application | undefined,
  terminal: Terminal,
): Promise<unknown> {
  const { request, job, parameter = [] } = options
  if (request === undefined) {
    const given = givenRequest(options, terminal)
    if (given === undefined) return jobRequest(options, application)
    return 'text' in given ? given.text : readRequestFile(given.file, given.file)
  }
  if (job !== undefined || parameter.length > 0)
    throw fault('usage', 'A request says by itself which job and which parameters', {
      fix: 'Give --request alone, or --job with -p NAME=VALUE',
    })
  return request === '-' ? readInput(terminal) : readRequestFile(resolve(terminal.folder, request), request)
}

async function jobRequest(
  { job, parameter = [], requestId }: QuestionOptions,
  application: Application | undefined,
): Promise<unknown> {
  if (application === undefined)
    throw fault('usage', 'Nothing says what to run', {
      fix: 'Give --request FILE, or --application FOLDER with --job NAME',
    })
  const { parameterFromText } = await import('@bulkhead/engine/plan/parameters')
  const name = job ?? onlyJob(application)
  const declarations = Object.hasOwn(application.manifest.spec.jobs, name)
    ? application.manifest.spec.jobs[name]?.parameters
    : undefined
  const parameters = Object.entries(readParameters(parameter)).map(
    ([parameterName, text]) =>
      [parameterName, parameterFromText(declarations?.[parameterName], text)] as const,
  )
  return {
    requestId: requestId ?? `cli-${randomUUID()}`,
    job: name,
    parameters: Object.fromEntries(parameters),
  }
}

/** Where there is one job, naming it tells nothing. */
function onlyJob({ manifest }: Application): string {
  const names = Object.keys(manifest.spec.jobs)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw fault(
    'usage',
    names.length === 0
      ? 'The application has no jobs'
      : 'The application has several jobs, and none is named',
    { fix: names.length === 0 ? 'Give --request FILE' : `Give --job with one of: ${names.join(', ')}` },
  )
}

/**
 * `NAME=VALUE`, as often as it is given.
 * @throws BulkheadError `usage`
 */
function readParameters(pairs: readonly string[]): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals < 1)
      throw fault('usage', 'A parameter is not of the form NAME=VALUE', {
        path: '--parameter',
        fix: 'Write -p month=2026-10',
      })
    const name = pair.slice(0, equals)
    if (parameters.has(name))
      throw fault('usage', `The parameter ${name} is given twice`, {
        path: '--parameter',
        fix: `Give it once; a list is written ${name}=1,2,3`,
      })
    parameters.set(name, pair.slice(equals + 1))
  }
  return Object.fromEntries(parameters)
}

async function readRequestFile(path: string, named: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw fault(
      'request-unreadable',
      `The request file ${named} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown'}`,
      {
        path: '--request',
        fix: 'Name a file with one JSON object, or - for standard input',
        cause,
      },
    )
  }
}
