import type { ErrorDetails, ParameterValue } from '@bulkhead/connector-sdk'
import {
  formatPath,
  type Job,
  type ParameterDeclaration,
  parseDuration,
  type PreparedResult,
} from '@bulkhead/contract'
import { adHocParameters, checkParameter, type CheckedParameters, parameterFault } from './parameters.ts'
import type { PlannedPreparation } from './plan.ts'
import { parametersAskedFor, sourceParameters } from './source-parameters.ts'

/** Preparing work of a job as a plan has it: what it may choose, and what its result means (D3). */

const defaultTimeoutMs = 30_000

/** Undefined for a job without `prepare`. */
export function plannedPreparation(
  name: string,
  { prepare }: Pick<Job, 'prepare'>,
  given: Pick<PlannedPreparation, 'connections' | 'parameters' | 'result'>,
): PlannedPreparation | undefined {
  if (prepare === undefined) return undefined
  const path = formatPath(['spec', 'jobs', name, 'prepare'])
  if (typeof prepare === 'string')
    return { way: { file: prepare }, by: prepare, path, timeoutMs: defaultTimeoutMs, ...given }
  const timeoutMs = parseDuration(prepare.timeout)
  if ('file' in prepare)
    return { way: { file: prepare.file }, by: prepare.file, path: `${path}.file`, timeoutMs, ...given }
  // variables have been put in their places
  const url = typeof prepare.url === 'string' ? prepare.url : ''
  const way = { url, secret: prepare.secret?.secret }
  return { way, by: addressOf(url), path: `${path}.url`, timeoutMs, ...given }
}

/** Without its query, which may hold a token. */
function addressOf(url: string): string {
  const { origin = '', pathname = '' } = URL.parse(url) ?? {}
  return `${origin}${pathname}`
}

/** What the source gets, and what names of files may hold. */
export interface ParametersOfRun {
  readonly source: Readonly<Record<string, ParameterValue>>
  readonly named: Readonly<Record<string, ParameterValue>>
  readonly secret: readonly string[]
  readonly faults: readonly ErrorDetails[]
}

/**
 * The parameters of the query: those that were prepared, else the request's. Preparing work has looked at all of the
 * request's, so that only what the query uses is left of them.
 *
 * @param fileName  as job, request or preparing work say
 */
export function parametersOfRun(
  job: Pick<Job, 'parameters' | 'prepare'>,
  given: Readonly<Record<string, ParameterValue>>,
  {
    query,
    fileName,
    result,
  }: {
    readonly query: unknown
    readonly fileName: string | undefined
    readonly result: PreparedResult | undefined
  },
): ParametersOfRun {
  const secret = secretNames(job.parameters, result)
  if (job.prepare === undefined)
    return { source: sourceParameters(query, fileName, given), named: given, secret, faults: [] }
  if (result?.parameters === undefined) {
    const asked = query === undefined ? undefined : parametersAskedFor(query)
    const source = Object.fromEntries(
      Object.entries(given).filter(([name]) => asked === undefined || asked.has(name)),
    )
    return { source, named: given, secret, faults: [] }
  }
  const { values, faults } = preparedParameters(job.parameters, result.parameters)
  return {
    source: sourceParameters(query, fileName, values),
    named: { ...given, ...values },
    secret,
    faults,
  }
}

function secretNames(
  declarations: Readonly<Record<string, ParameterDeclaration>>,
  result: PreparedResult | undefined,
): readonly string[] {
  const declared = Object.keys(declarations).filter((name) => declarations[name]?.secret === true)
  return [...new Set([...declared, ...(result?.secret ?? [])])]
}

/** One that the job declares is held against its declaration; any other is what it is. */
function preparedParameters(
  declarations: Readonly<Record<string, ParameterDeclaration>>,
  given: Readonly<Record<string, unknown>>,
): CheckedParameters {
  const free = Object.fromEntries(
    Object.entries(given).filter(([name]) => !Object.hasOwn(declarations, name)),
  )
  const checked = adHocParameters(free)
  const values: Record<string, ParameterValue> = { ...checked.values }
  const faults = [...checked.faults]
  for (const [name, declaration] of Object.entries(declarations)) {
    if (!Object.hasOwn(given, name)) continue
    const one = checkParameter(declaration, given[name])
    if ('reason' in one) faults.push(parameterFault(name, declaration, one.reason))
    else values[name] = one.value
  }
  return { values, faults: faults.map(inResult) }
}

function inResult(fault: ErrorDetails): ErrorDetails {
  return { ...fault, path: `prepared.${fault.path ?? 'parameters'}` }
}
