import type { ErrorDetails } from '@bulkhead/connector-sdk'
import {
  didYouMean,
  faultDetails,
  formatPath,
  listNames,
  parseDuration,
  type ApplicationManifest,
  type ErrorCode,
  type Job,
  type ParameterDeclaration,
  type Path,
} from '@bulkhead/contract'
import { placeholdersIn } from '../plan/file-name.ts'
import { checkParameter } from '../plan/parameters.ts'

/** What a schema cannot say: the names in a manifest refer to something, and its parts fit together. */
export function checkApplication({ spec }: ApplicationManifest): ErrorDetails[] {
  return [
    ...Object.entries(spec.jobs).flatMap(([name, job]) => checkJob(spec, job, ['spec', 'jobs', name])),
    ...spec.policy.adHoc.queries.flatMap((name, index) =>
      knownName(
        'connection-unknown',
        name,
        spec.connections,
        ['spec', 'policy', 'adHoc', 'queries', index],
        'connection',
      ),
    ),
  ]
}

type Spec = ApplicationManifest['spec']

function checkJob(spec: Spec, job: Job, path: Path): ErrorDetails[] {
  return [
    ...knownName(
      'connection-unknown',
      job.source.connection,
      spec.connections,
      [...path, 'source', 'connection'],
      'connection',
    ),
    ...checkQuery(job, path),
    ...checkStore(spec, job, path),
    ...checkOutput(spec, job, path),
    ...checkReuse(job, path),
    ...Object.entries(job.parameters).flatMap(([name, declaration]) =>
      checkDeclaration(declaration, [...path, 'parameters', name]),
    ),
  ]
}

/** What `prepare` makes of a request is known when it is asked, which is in a run. */
function checkReuse({ reuse, prepare }: Job, path: Path): ErrorDetails[] {
  if (reuse === undefined || prepare === undefined) return []
  const where = [...path, 'reuse']
  return [
    invalid(
      where,
      `\`${formatPath(where)}\` is not for a job with prepare, which decides anew for each request`,
      'Remove `reuse`, or `prepare`',
    ),
  ]
}

function checkQuery({ source, prepare }: Job, path: Path): ErrorDetails[] {
  if (source.query === undefined && source.queryFile === undefined && prepare !== undefined) return []
  if ((source.query === undefined) !== (source.queryFile === undefined)) return []
  const where = formatPath([...path, 'source'])
  return [
    source.query === undefined
      ? invalid([...path, 'source'], `\`${where}\` has no query`, 'Add `query` or `queryFile`')
      : invalid([...path, 'source'], `\`${where}\` has both query and queryFile`, 'Keep one of them'),
  ]
}

function checkStore(spec: Spec, job: Job, path: Path): ErrorDetails[] {
  const stores = Object.keys(spec.stores)
  if (job.deliver.store !== undefined)
    return knownName('store-unknown', job.deliver.store, spec.stores, [...path, 'deliver', 'store'], 'store')
  if (stores.length === 1) return []
  return [
    faultDetails(
      'store-unknown',
      stores.length === 0
        ? 'The application declares no store for its results'
        : `The job does not say which store gets its result: ${listNames(stores)}`,
      stores.length === 0
        ? { path: 'spec.stores', fix: 'Declare one under spec.stores' }
        : { path: formatPath([...path, 'deliver', 'store']), fix: 'Name one' },
    ),
  ]
}

function checkOutput(spec: Spec, { output, deliver, parameters, prepare }: Job, path: Path): ErrorDetails[] {
  const faults: ErrorDetails[] = []
  if (output.compression === 'gzip' && (output.compressionLevel ?? 1) > 9)
    faults.push(
      invalid(
        [...path, 'output', 'compressionLevel'],
        'The levels of gzip end at 9',
        'Use a level from 1 to 9, or zstd',
      ),
    )
  // what the code returns may have more parameters than the request
  const placeholders = prepare === undefined ? placeholdersIn(output.fileName ?? '') : []
  for (const name of placeholders)
    if (!Object.hasOwn(parameters, name) || parameters[name]?.list === true)
      faults.push(
        invalid(
          [...path, 'output', 'fileName'],
          `The file name has {${name.slice(0, 60)}}, which is no single parameter of the job${didYouMean(name, Object.keys(parameters))}`,
          'Name a parameter that is not a list',
        ),
      )
  const most = spec.policy.limits.urlExpiresIn
  if (deliver.urlExpiresIn !== undefined && parseDuration(deliver.urlExpiresIn) > parseDuration(most))
    faults.push(
      faultDetails(
        'url-expiry-too-long',
        `The link would be valid for ${deliver.urlExpiresIn}; the policy allows ${most}`,
        {
          path: formatPath([...path, 'deliver', 'urlExpiresIn']),
        },
      ),
    )
  return faults
}

/** A declaration whose own values do not fit it would refuse every request, at night. */
function checkDeclaration(declaration: ParameterDeclaration, path: Path): ErrorDetails[] {
  const faults: ErrorDetails[] = []
  const bare = bareDeclaration(declaration)
  const complain = (field: string, reason: string): void => {
    const where = formatPath([...path, field])
    faults.push(invalid([...path, field], `\`${where}\` ${reason}`, 'Correct it, or the type'))
  }
  if (declaration.pattern !== undefined && declaration.type !== 'string')
    complain('pattern', 'is for parameters of type string only')
  for (const field of ['minimum', 'maximum'] as const) {
    const bound = declaration[field]
    if (bound === undefined) continue
    if (declaration.type === 'string' || declaration.type === 'boolean')
      complain(field, `is not for parameters of type ${declaration.type}`)
    else {
      const checked = checkParameter(bare, bound)
      if ('reason' in checked) complain(field, checked.reason)
    }
  }
  for (const [index, allowed] of (declaration.enum ?? []).entries()) {
    const checked = checkParameter(bare, allowed)
    if ('reason' in checked) complain(`enum`, `has an entry ${index} that ${checked.reason}`)
  }
  if (declaration.default !== undefined && faults.length === 0) {
    const checked = checkParameter(declaration, declaration.default)
    if ('reason' in checked) complain('default', checked.reason)
  }
  return faults
}

/** Type alone: what the bounds and choices of a declaration must be themselves. */
function bareDeclaration({ type }: ParameterDeclaration): ParameterDeclaration {
  return { type, list: false, nullable: false, secret: false }
}

function knownName(
  code: ErrorCode,
  name: string,
  declared: Readonly<Record<string, unknown>>,
  path: Path,
  what: string,
): ErrorDetails[] {
  if (Object.hasOwn(declared, name)) return []
  const names = Object.keys(declared)
  return [
    faultDetails(
      code,
      `The application declares no ${what} ${formatPath([name])}${didYouMean(name, names)}`,
      {
        path: formatPath(path),
        fix:
          names.length === 0
            ? `Declare it under spec.${what}s`
            : `Declare it, or choose one of ${listNames(names)}`,
      },
    ),
  ]
}

function invalid(path: Path, message: string, fix: string): ErrorDetails {
  return faultDetails('manifest-invalid', message, { path: formatPath(path), fix })
}
