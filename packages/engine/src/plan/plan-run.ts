import { isBulkheadError, type BulkheadError, type ErrorDetails, z } from '@bulkhead/connector-sdk'
import {
  detailsOf,
  errorOf,
  fault,
  faultsOf,
  formatPath,
  parseDuration,
  parseSize,
  type Path,
  type PreparedResult,
  type Request,
} from '@bulkhead/contract'
import type { Application } from '../application/application.ts'
import type { Catalog, ConnectorEntry } from '../catalog/catalog.ts'
import { chooseSource, type ChosenSource } from './chosen-source.ts'
import { flagsFor } from './flags.ts'
import { adHocParameters, checkParameters } from './parameters.ts'
import type { Plan, PlannedLimits, PlannedSource } from './plan.ts'
import { planMoving } from './plan-moving.ts'
import {
  adHocConnection,
  declaredConnection,
  fallbackConnections,
  declaredStore,
  reachableConnections,
} from './planned-connection.ts'
import { overrideFaults, planOutput, planUrlExpiry } from './planned-output.ts'
import { parametersOfRun, plannedPreparation } from './preparation.ts'

export interface PlanInput {
  readonly application: Application
  readonly request: Request
  readonly catalog: Catalog
  /** Now, epoch milliseconds. */
  readonly nowMs: number
  /**
   * What a request brought sealed, opened: only a runner has it. Without it such a request is planned as far as
   * that goes, and the plan cannot be run.
   */
  readonly credentials?: Readonly<Record<string, unknown>> | undefined
  /**
   * What `prepare` of the job returned: only a runner has it. Without it such a job is planned as it stands, and the
   * plan cannot be run.
   */
  readonly prepared?: PreparedResult | undefined
}

/**
 * Decides all that a run will do, before anything is opened. Pure: the same input gives the same plan.
 * Everything that is wrong is found at once, each fault with its code, its path in the request or the
 * manifest, and what to do about it.
 *
 * @throws BulkheadError kind `config` or `policy`; more faults in `others`
 */
export function planRun({ application, request, catalog, nowMs, credentials, prepared }: PlanInput): Plan {
  const { spec } = application.manifest
  const { data } = request
  refuseReferences(data)
  if (data.validUntil !== undefined && Date.parse(data.validUntil) < nowMs)
    throw fault('request-expired', 'The request arrived after its validUntil', { path: 'validUntil' })
  const chosen = chooseSource(application, request, prepared)
  const faults = new Faults()
  const { job } = chosen
  const jobName = chosen.way === 'job' ? chosen.name : undefined
  const { policy } = spec

  const source = faults.try(() =>
    chosen.way === 'connector'
      ? adHocConnection(catalog, policy, chosen.source, credentials)
      : declaredConnection(application, catalog, chosen.connection, connectionPath(chosen)),
  )
  const fallbacks =
    source &&
    faults.try(() => (chosen.way === 'connector' ? [] : fallbackConnections(application, catalog, source)))
  const reachable =
    source &&
    fallbacks &&
    faults.try((): PlannedSource['reachable'] =>
      Object.assign(
        {},
        ...[source, ...fallbacks].map((one) => reachableConnections(application, catalog, one)),
      ),
    )
  const parameters =
    jobName === undefined
      ? adHocParameters(data.parameters)
      : checkParameters(job.parameters, data.parameters)
  faults.add(parameters.faults)
  const ofRun = parametersOfRun(job, parameters.values, {
    query: chosen.query,
    fileName: data.output?.fileName ?? prepared?.fileName ?? job.output.fileName,
    result: prepared,
  })
  faults.add(ofRun.faults)
  const isUnprepared = job.prepare !== undefined && prepared === undefined
  faults.add(overrideFaults({ job, jobName, request: data }))
  const store = faults.try(() =>
    declaredStore(application, catalog, data.deliver?.store ?? job.deliver.store, 'deliver.store'),
  )
  const expiry = planUrlExpiry({ job, jobName, request: data }, policy)
  faults.add(expiry.faults)
  if (source === undefined || store === undefined || reachable === undefined || fallbacks === undefined)
    throw faults.error()

  const question = {
    jobName,
    job,
    request: data,
    parameters: ofRun.named,
    preparedName: prepared?.fileName,
    connector: source.connector,
    limits: policy.limits,
  }
  const answered = planOutput(question)
  // A name that lacks a parameter which is itself at fault is no fault of its own.
  const isNamed = parameters.faults.length === 0 && (!isUnprepared || data.output?.fileName !== undefined)
  faults.add(answered.faults.filter(({ code }) => isNamed || code !== 'file-name-invalid'))
  if (!isUnprepared || chosen.query !== undefined) faults.add(queryFaults(source.connector, chosen))
  const moving = faults.try(() => planMoving(source, chosen, answered.output, reachable))
  if (moving === undefined || !faults.isEmpty) throw faults.error()

  return {
    application: application.name,
    job: jobName,
    flags: flagsFor(application, request),
    preparation:
      jobName === undefined
        ? undefined
        : plannedPreparation(jobName, job, {
            connections: Object.keys(spec.connections),
            parameters: parameters.values,
            result: prepared,
          }),
    source: {
      ...source,
      query: chosen.query,
      queryPath: chosen.queryPath,
      parameters: ofRun.source,
      secretParameters: ofRun.secret,
      form: moving.form,
      formReason: moving.formReason,
      fallbacks,
      reachable,
      mustBeOneMoment: job.source.consistency === 'snapshot',
    },
    process: job.process,
    output: answered.output,
    store,
    urlExpiresInSeconds: expiry.seconds,
    keptForMs: keptForMs(spec.stores, store.name),
    chunk: { rows: job.chunk.rows, bytes: parseSize(job.chunk.bytes) },
    retry: { attempts: job.retry.attempts, withinMs: parseDuration(job.retry.within) },
    limits: limitsOf(policy.limits),
    network: { allow: policy.network.allow, allowLoopback: application.platform.allowLoopback },
    guarantee: moving.guarantee,
    guaranteeReasons: moving.guaranteeReasons,
    consistency: moving.consistency,
    warnings: [...request.warnings, ...answered.warnings],
  }
}

/** Where the name of a declared connection stands. */
function connectionPath(chosen: Exclude<ChosenSource, { readonly way: 'connector' }>): string {
  return chosen.way === 'job' ? chosen.connectionPath : 'source.connection'
}

/** Holds the query against what `connector.json` says about queries. */
function queryFaults(connector: ConnectorEntry, { query, queryPath }: ChosenSource): ErrorDetails[] {
  const schema = querySchemaOf(connector)
  const parsed = schema.safeParse(query)
  if (parsed.success) return []
  const fix = `Write it as \`bulkhead connectors show ${connector.name}\` says`
  return faultsOf(parsed.error.issues, { code: 'query-invalid', schema, value: query, base: queryPath, fix })
}

/** Made once for each connector: it takes longer than to read a query by it. */
const querySchemas = new WeakMap<ConnectorEntry, z.ZodType>()

function querySchemaOf(connector: ConnectorEntry): z.ZodType {
  const known = querySchemas.get(connector)
  if (known !== undefined) return known
  try {
    const schema = z.fromJSONSchema(connector.manifest.query as Parameters<typeof z.fromJSONSchema>[0], {
      registry: z.registry(),
    })
    querySchemas.set(connector, schema)
    return schema
  } catch (cause) {
    throw fault(
      'connector-broken',
      `The queries of the connector ${connector.name} are described in a way that cannot be used`,
      {
        fix: 'Tell its author',
        cause,
      },
    )
  }
}

function keptForMs(stores: Application['manifest']['spec']['stores'], name: string): number | undefined {
  const retention = stores[name]?.retention
  return retention === undefined ? undefined : parseDuration(retention)
}

function limitsOf(limits: Application['manifest']['spec']['policy']['limits']): PlannedLimits {
  return {
    rows: limits.rows,
    bytes: limits.bytes === undefined ? undefined : parseSize(limits.bytes),
    timeMs: parseDuration(limits.time),
    temporaryBytes: parseSize(limits.temporary),
  }
}

/**
 * A request never names a secret or a variable of the platform. Query and context are data that nobody
 * resolves: a filter on a field named `env` is a filter.
 */
function refuseReferences(data: Request['data']): void {
  const search = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return
    const keys = Object.keys(value)
    const [key] = keys
    if (
      keys.length === 1 &&
      (key === 'secret' || key === 'env') &&
      isText((value as Record<string, unknown>)[key])
    )
      throw fault(
        'secret-reference-refused',
        `\`${formatPath(path)}\` names ${key === 'secret' ? 'a secret' : 'a variable'}`,
        {
          path: formatPath(path),
        },
      )
    for (const [name, item] of Object.entries(value))
      search(item, [...path, Array.isArray(value) ? Number(name) : name])
  }
  const { context: _context, source, ...rest } = data
  search(rest, [])
  if (source === undefined) return
  const { query: _query, ...settings } = source
  search(settings, ['source'])
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** Collects what is wrong, so that it is told at once. */
class Faults {
  readonly #found: ErrorDetails[] = []

  get isEmpty(): boolean {
    return this.#found.length === 0
  }

  add(faults: readonly ErrorDetails[]): void {
    this.#found.push(...faults)
  }

  /** The result, or undefined after taking note of what was thrown. */
  try<T>(decide: () => T): T | undefined {
    try {
      return decide()
    } catch (error) {
      if (!isBulkheadError(error)) throw error
      this.add(detailsOf(error))
      return undefined
    }
  }

  error(): BulkheadError {
    return errorOf(this.#found)
  }
}
