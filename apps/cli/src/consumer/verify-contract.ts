import { type BulkheadError, isBulkheadError, type Source } from '@bulkhead/connector-sdk'
import { detailsOf, readRequest, replySchemaV1, requestType } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import type { RunRequestOptions } from '@bulkhead/runner'
import { fixtureSource } from '../test/fixture-source.ts'
import { memoryStore } from '../test/memory-store.ts'
import { fixtureRows } from '../test/test-file.ts'
import { compareReply } from './compare-reply.ts'
import type { Contract, Interaction } from './contract-file.ts'
import { type AskedJob, type Example, examplePrepared, exampleSource } from './examples.ts'

export interface Verification {
  readonly application: Application
  readonly catalog: Catalog
  readonly examples: readonly Example[]
  /** Runs a request in this process; what it reads and writes is handed in. */
  readonly run: Pick<RunRequestOptions, 'application' | 'connectorRoots' | 'environment' | 'log' | 'signal'>
}

export interface Verified {
  readonly consumer: string
  /** Of the interaction, or which message of which file. */
  readonly what: string
  /** What the application does not keep; none: it keeps it. */
  readonly differences: readonly string[]
}

/** Holds an application against what one of its consumers published. Reaches no system. */
export async function verifyContract(
  { path, content }: Contract,
  verification: Verification,
): Promise<readonly Verified[]> {
  const { consumer, interactions, messages } = content
  const verified: Verified[] = []
  for (const interaction of interactions) {
    verification.run.signal.throwIfAborted()
    verified.push({
      consumer,
      what: interaction.description,
      differences: await verifyInteraction(interaction, verification),
    })
  }
  for (const [index, message] of messages.entries())
    verified.push({
      consumer,
      what: `${path}, message ${index + 1}`,
      differences: isReply(message) ? replyFaults(message) : requestFaults(message, verification),
    })
  return verified
}

async function verifyInteraction(
  { request, source, prepared, reply, description }: Interaction,
  { application, examples, run, catalog }: Verification,
): Promise<readonly string[]> {
  const { runRequest } = await import('@bulkhead/runner')
  const asked = withId(request, description)
  const expectsFailure = (reply['data'] ?? reply) as Readonly<Record<string, unknown>>
  if (expectsFailure['status'] !== 'failed') {
    const faults = requestFaults(asked, { application, catalog })
    if (faults.length > 0) return faults
  }
  const rows = source && (await fixtureRows(source, application.folder))
  const job = askedJob(asked, application)
  const openSource = (connection: string): Source =>
    rows === undefined ? exampleSource(connection, examples, job) : fixtureSource(rows, source?.types)
  const { reply: event } = await runRequest({
    ...run,
    request: () => Promise.resolve(asked),
    openSource: ({ name }) => Promise.resolve(openSource(name)),
    // code is run, an endpoint is never called
    ...((prepared !== undefined || job.isByEndpoint) && {
      prepare: async () => prepared ?? examplePrepared(examples, job),
    }),
    openStore: memoryStore().open,
    openLinks: () => Promise.resolve(() => Promise.reject(new Error('Links of a contract lead nowhere'))),
    deliverReply: false,
  })
  const { data } = event
  const differences = compareReply(reply, Object.hasOwn(reply, 'specversion') ? event : data)
  const why = data.error === undefined ? [] : [`the run failed: ${data.error.code}: ${data.error.message}`]
  return differences.length === 0 ? [] : [...differences, ...why]
}

/** What a request asks for; of one that cannot be read the run says so. */
function askedJob(
  message: unknown,
  { manifest }: Pick<Application, 'manifest'>,
): AskedJob & { readonly isByEndpoint: boolean } {
  try {
    const { job, parameters } = readRequest(message).data
    const prepare = job === undefined ? undefined : manifest.spec.jobs[job]?.prepare
    const isByEndpoint = typeof prepare === 'object' && 'url' in prepare
    return { job, parameters, isPrepared: prepare !== undefined, isByEndpoint }
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return { job: undefined, parameters: {}, isPrepared: false, isByEndpoint: false }
  }
}

/** An interaction need not say an id. */
function withId(
  request: Readonly<Record<string, unknown>>,
  description: string,
): Readonly<Record<string, unknown>> {
  return Object.hasOwn(request, 'specversion') || Object.hasOwn(request, 'requestId')
    ? request
    : { requestId: `contract: ${description.slice(0, 200)}`, ...request }
}

function isReply(message: Readonly<Record<string, unknown>>): boolean {
  const { type } = message
  return typeof type === 'string' && type.startsWith('dev.bulkhead.run.') && type !== requestType
}

/** Whether the application would run it; a field that nobody reads is a misunderstanding too. */
function requestFaults(
  message: unknown,
  { application, catalog }: Pick<Verification, 'application' | 'catalog'>,
): readonly string[] {
  try {
    const request = readRequest(message)
    // recorded long ago: its time is no matter
    planRun({ application, request, catalog, nowMs: 0 })
    return request.warnings
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return faultTexts(error)
  }
}

function faultTexts(error: BulkheadError): readonly string[] {
  return detailsOf(error).map(({ code, path, message }) =>
    path === undefined ? `${code}: ${message}` : `${code} at ${path}: ${message}`,
  )
}

/** Whether replies of this version still look like the one that a consumer recorded. */
function replyFaults({ data }: Readonly<Record<string, unknown>>): readonly string[] {
  const { error } = replySchemaV1.safeParse(data)
  return (error?.issues ?? []).map(
    ({ path, message }) => `data${path.map((key) => `.${String(key)}`).join('')}: ${message}`,
  )
}
