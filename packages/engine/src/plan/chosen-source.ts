import type { ErrorDetails } from '@bulkhead/connector-sdk'
import {
  didYouMean,
  errorOf,
  fault,
  faultDetails,
  formatPath,
  jobSchema,
  listNames,
  type ApplicationManifest,
  type Job,
  type PreparedResult,
  type Request,
  type RequestSource,
} from '@bulkhead/contract'
import type { Application } from '../application/application.ts'

/** What a request asks for, whichever of the three ways it chose; what it may ask is decided here. */
export type ChosenSource =
  | {
      readonly way: 'job'
      readonly name: string
      readonly job: Job
      readonly connection: string
      /** Where the connection stands, for errors. */
      readonly connectionPath: string
      /** Undefined while it is left to work that was not asked. */
      readonly query: unknown
      /** Where the query stands, for errors. */
      readonly queryPath: string
    }
  | {
      readonly way: 'connection'
      readonly job: Job
      readonly connection: string
      readonly query: unknown
      readonly queryPath: string
    }
  | {
      readonly way: 'connector'
      readonly job: Job
      readonly source: AdHocSource
      readonly query: unknown
      readonly queryPath: string
    }

export type AdHocSource = Extract<RequestSource, { connector: string }>

/**
 * @param prepared  what preparing work of the job returned; undefined when there is none, or it was not asked
 * @throws BulkheadError `prepare-result-invalid` when nobody gives a query; `request-invalid`, `job-unknown`, `connection-unknown`, `ad-hoc-refused`, `query-invalid`
 */
export function chooseSource(
  application: Application,
  { data }: Request,
  prepared?: PreparedResult,
): ChosenSource {
  const { spec } = application.manifest
  if (data.job !== undefined && data.source !== undefined)
    throw fault('request-invalid', 'The request names both a job and a source', {
      path: 'source',
      fix: 'Name one of them',
    })
  if (data.job !== undefined) return chooseJob(application, data.job, prepared)
  if (data.source === undefined)
    throw fault('request-invalid', 'The request names neither a job nor a source', {
      path: 'job',
      fix: `Name a job (${listNames(Object.keys(spec.jobs))}), or a source`,
    })
  const refused = adHocFault(spec, data.source)
  if (refused !== undefined) throw errorOf([refused])
  const job = adHocJob(data.source)
  const rest = { job, query: data.source.query, queryPath: 'source.query' }
  return 'connector' in data.source
    ? { way: 'connector', source: data.source, ...rest }
    : { way: 'connection', connection: data.source.connection, ...rest }
}

function chooseJob(
  { manifest, files }: Application,
  name: string,
  prepared: PreparedResult | undefined,
): ChosenSource {
  const { jobs } = manifest.spec
  const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined
  const names = Object.keys(jobs)
  if (job === undefined)
    throw fault('job-unknown', `The application has no job ${formatPath([name])}${didYouMean(name, names)}`, {
      path: 'job',
      fix: `Its jobs are ${listNames(names)}`,
    })
  const base = formatPath(['spec', 'jobs', name, 'source'])
  const { query, queryFile } = job.source
  const chosen = {
    way: 'job' as const,
    name,
    job,
    connection: prepared?.connection ?? job.source.connection,
    connectionPath: prepared?.connection === undefined ? `${base}.connection` : 'prepared.connection',
  }
  if (prepared?.query !== undefined) return { ...chosen, query: prepared.query, queryPath: 'prepared.query' }
  if (queryFile === undefined && query === undefined && prepared !== undefined)
    throw fault('prepare-result-invalid', 'Neither the job nor its preparing work gives a query', {
      path: 'prepared.query',
      fix: 'Return `query`, or give the job one',
    })
  if (queryFile === undefined) return { ...chosen, query, queryPath: `${base}.query` }
  const bytes = files.get(queryFile)?.bytes
  if (bytes === undefined)
    throw fault('file-not-found', `The application has no file ${queryFile}`, { path: `${base}.queryFile` })
  return {
    ...chosen,
    query: queryOf(queryFile, bytes, `${base}.queryFile`),
    queryPath: `${base}.queryFile`,
  }
}

/** A file that ends with .json holds a query that is an object; any other holds its text. */
function queryOf(file: string, bytes: Uint8Array, path: string): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fault('query-invalid', `The file ${file} is not UTF-8 text`, {
      path,
      fix: 'Save it as UTF-8',
      cause,
    })
  }
  if (!file.endsWith('.json')) return text
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw fault('query-invalid', `The file ${file} is not JSON`, { path, fix: 'Correct the file', cause })
  }
}

/** What the policy does not let a request ask for. */
function adHocFault(spec: ApplicationManifest['spec'], source: RequestSource): ErrorDetails | undefined {
  const { queries, connectors } = spec.policy.adHoc
  if ('connector' in source) {
    const name = source.connector.split('@')[0] ?? ''
    return connectors.includes('*') || connectors.includes(name)
      ? undefined
      : faultDetails(
          'ad-hoc-refused',
          `The application does not let a request use the connector ${formatPath([name])} with settings of its own`,
          { path: 'source.connector' },
        )
  }
  const names = Object.keys(spec.connections)
  if (!names.includes(source.connection))
    return faultDetails(
      'connection-unknown',
      `The application declares no connection ${formatPath([source.connection])}${didYouMean(source.connection, names)}`,
      { path: 'source.connection', fix: `Its connections are ${listNames(names)}` },
    )
  return queries.includes(source.connection)
    ? undefined
    : faultDetails(
        'ad-hoc-refused',
        `The application does not let a request run its own query on the connection ${source.connection}`,
        { path: 'source.connection' },
      )
}

/** What holds for a request without a job: the defaults of a job. */
function adHocJob(source: RequestSource): Job {
  const connection = 'connection' in source ? source.connection : 'ad-hoc'
  return jobSchema.parse({ source: { connection } })
}
