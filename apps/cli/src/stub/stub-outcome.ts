import { BulkheadError, cancelled, type ConnectorError, errorKinds, z } from '@bulkhead/connector-sdk'
import {
  checkedBy,
  didYouMean,
  duration,
  type ErrorCode,
  errorRegistry,
  fault,
  parseDuration,
  type Request,
} from '@bulkhead/contract'
import type { PlannedConnection } from '@bulkhead/engine'
import type { StubFile } from './stub-file.ts'

/**
 * What a request asks of a stub stands in its `context`, which every trigger carries, every reply gives back, and the real
 * application takes no notice of.
 */
const contextMember = 'bulkheadStub'

/** Ways in which a run ends that are no error of its source. */
const plainOutcomes = ['completed', 'empty', 'completed-with-errors', 'cancelled'] as const
/** The error by which the connector says that its system cannot be reached. */
const unreachable = 'source-unreachable'

/** Errors of the platform that end runs; what a server says before a run begins is provoked as with the real one. */
const runErrors = [
  'connection-paused',
  'secret-not-found',
  'secret-provider-unavailable',
  'network-refused',
  'guarantee-unreachable',
  'prepare-failed',
  'prepare-unreachable',
  'prepare-timeout',
  'prepare-result-invalid',
  'prepare-refused',
  'map-invalid',
  'map-failed',
  'map-result-invalid',
  'validation-failed',
  'column-unknown',
  'column-duplicate',
  'csv-encoding',
  'avro-value-out-of-range',
  'parquet-value-out-of-range',
  'xlsx-limit-exceeded',
  'value-invalid',
  'result-too-large',
  'run-too-long',
  'temporary-space-exhausted',
  'disk-full',
  'runner-died',
  'memory-exceeded',
  'internal',
] as const satisfies readonly ErrorCode[]

const askedSchema = z.strictObject({
  outcome: z.string().max(100).optional(),
  rows: z.int().min(0).max(100_000_000).optional(),
  latency: duration.optional(),
})

export interface Asked {
  readonly outcome: string
  readonly rows: number | undefined
  readonly latencyMs: number
  readonly seed: number
}

/** What the request wants of the stub. @throws BulkheadError `request-invalid` */
export function askedOf({ data }: Request, { defaults, leavingOut }: StubFile): Asked {
  const { context, job = '' } = data
  const own =
    typeof context === 'object' && context !== null && contextMember in context
      ? (context as Readonly<Record<string, unknown>>)[contextMember]
      : {}
  const { outcome, rows, latency } = checkedBy(askedSchema, own, {
    code: 'request-invalid',
    base: `context.${contextMember}`,
  })
  const asked: Asked = {
    outcome: outcome ?? defaults.outcome,
    rows: rows ?? defaults.rows,
    latencyMs: latency === undefined ? defaults.latencyMs : parseDuration(latency),
    seed: defaults.seed,
  }
  if (asked.outcome === 'completed-with-errors' && !leavingOut.includes(job))
    throw fault('request-invalid', 'The job leaves out no rows, so it never ends completed-with-errors', {
      path: `context.${contextMember}.outcome`,
      fix: 'Ask a job that has `validate` with `onInvalid: skip`',
    })
  return asked
}

/**
 * The error that a run ends with by this outcome; undefined when it is none.
 * @throws BulkheadError `request-invalid` for an outcome that nobody knows
 */
export function errorOfOutcome(outcome: string, { connector }: PlannedConnection): BulkheadError | undefined {
  if (outcome === 'cancelled') return cancelled('The run was cancelled: the stub was asked for it')
  if (plainOutcomes.some((plain) => plain === outcome)) return undefined
  const { errors } = connector.manifest
  const known =
    outcome === unreachable ? outageOf(connector.name, errors) : errors.find(({ code }) => code === outcome)
  if (known !== undefined) {
    const { code, meaning, fix, ofConnection = false } = known
    const kind = errorKinds.find((one) => one === known.kind) ?? 'bug'
    return new BulkheadError({ code, kind, ofConnection, fix, message: asAsked(meaning) })
  }
  const ofPlatform = runErrors.find((code) => code === outcome)
  if (ofPlatform !== undefined) return fault(ofPlatform, asAsked(errorRegistry[ofPlatform].meaning))
  const all = [...plainOutcomes, unreachable, ...runErrors, ...errors.map(({ code }) => code)]
  throw fault('request-invalid', `No run ends with "${outcome}"${didYouMean(outcome, all)}`, {
    path: `context.${contextMember}.outcome`,
    fix: 'Choose an outcome that `bulkhead stub --help` names, or the code of an error that ends runs',
  })
}

function outageOf(connector: string, errors: readonly ConnectorError[]): ConnectorError | undefined {
  const outages = errors.filter(({ kind }) => kind === 'transient')
  return outages.find(({ code }) => code === `${connector}-unreachable`) ?? outages[0]
}

function asAsked(meaning: string): string {
  return `${meaning} (as the stub was asked)`
}
