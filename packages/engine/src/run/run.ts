import type { Batch, Extract, Field, ReadRequest, Store } from '@bulkhead/connector-sdk'
import { fault, type RunPhase } from '@bulkhead/contract'
import { checkFields, tooManySheetRows } from '../format/check-fields.ts'
import { mostSheetRows } from '../format/file-format.ts'
import type { Plan, PlannedSource } from '../plan/plan.ts'
import type { RetryDecision } from '../retry/retry-delay.ts'
import type { RejectedRow } from '../transform/step.ts'
import type { Transform } from '../transform/transform.ts'
import { close, type ConnectionServices, openStore } from './open-connection.ts'
import { type OpenedExtract, openWithFallbacks } from './open-with-fallbacks.ts'
import { progressTeller } from './progress.ts'
import { resultOutput, type ResultOutput, type RunFile } from './result-output.ts'
import type { RunContext } from './run-context.ts'
import { runServices } from './run-services.ts'
import { deadline, iterateUntilStopped, runError } from './stop.ts'

/** What a run that reached its end has made. Links are made from it when a reply is sent. */
export interface RunResult {
  readonly status: 'completed' | 'completed-with-errors'
  /** Null when nobody looked at rows: a file that was copied as it is. */
  readonly rows: number | null
  /** Of all files, as they are stored. */
  readonly bytes: number
  /** Rows that were left out. */
  readonly rejected: number
  readonly files: readonly RunFile[]
  /** The object that lists the files of a split result. */
  readonly manifest: RunFile | undefined
  /** What the reader saw while others wrote. */
  readonly consistency: 'snapshot' | 'none'
  /** The connection that was read: the planned one, or a fallback. */
  readonly connection: string
  /** How often the extract was begun. */
  readonly attempts: number
  readonly warnings: readonly string[]
  /** Where the time of the last attempt went. */
  readonly phases: readonly RunPhase[]
}

/**
 * The way of a record: read, transform, write, until the source ends; then the result is visible, whole.
 *
 * A transient fault begins the extract again, from the start, as often as the plan says. An attempt that
 * failed leaves nothing, so that no result is ever seen twice or in part (I5). Everything that moves is
 * bounded by the plan (I8): nothing is read before what came before it was taken.
 *
 * @throws BulkheadError of any kind; the reason of the signal when it was stopped
 */
export async function runPlan(plan: Plan, context: RunContext): Promise<RunResult> {
  const { clock, log } = context
  if (plan.preparation !== undefined && plan.preparation.result === undefined)
    throw new Error('A plan cannot be run before its preparing work is done')
  const startedMs = clock.now()
  const limit = new AbortController()
  using time = deadline(plan.limits.timeMs, () =>
    fault('run-too-long', `The run took longer than ${plan.limits.timeMs / 1000} s`, {
      path: 'spec.policy.limits.time',
    }),
  )
  const signal = AbortSignal.any([context.signal, time.signal, limit.signal])
  let decide: RetryDecision | undefined
  for (let attempts = 1; ; attempts++) {
    context.onSource?.({ what: 'attempt' })
    try {
      return { ...(await runAttempt(plan, context, signal, limit)), attempts }
    } catch (error) {
      const known = runError(error, signal)
      const failure = context.diagnose?.(known) ?? known
      if (signal.aborted || !failure.retryable) throw failure
      // loaded when it is needed: most runs never fail
      decide ??= (await import('../retry/retry-delay.ts')).retryDecision(plan.retry)
      const delayMs = decide({ error: failure, attempts, elapsedMs: clock.now() - startedMs })
      if (delayMs === undefined) throw failure
      log.warn(`Attempt ${attempts} failed, another follows: ${failure.message}`, {
        code: failure.code,
        delayMs,
      })
      await sleep(delayMs, context, signal)
    }
  }
}

async function sleep(ms: number, { clock }: RunContext, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    throw runError(error, signal)
  }
}

/** One attempt: what it opened is closed when it returns, and when it fails nothing of it is left. */
async function runAttempt(
  plan: Plan,
  context: RunContext,
  signal: AbortSignal,
  limit: AbortController,
): Promise<Omit<RunResult, 'attempts'>> {
  await using shared = runServices(plan, context, signal, limit)
  const { services } = shared
  const begin = await prepareTransform(plan, context)
  await using opened = new AsyncDisposableStack()
  const startMs = context.clock.now()
  const { store, extract, connection, passedOver } = await openBoth(plan, services, opened)
  requireOneMoment(plan.source, extract)
  const openedMs = context.clock.now()
  const { cleanUpMs } = services
  const output = resultOutput({
    plan,
    folder: context.folder ?? context.runId,
    store,
    log: context.log,
    signal,
    cleanUpMs,
  })
  try {
    checkRows(plan, extract.rows)
    const transform = await begin?.(extract.fields)
    const known = transform === undefined ? extract.fields : transform.fields
    // A file that is copied has no columns here; steps may know theirs only when rows have come.
    if (known !== undefined && known.length > 0) checkFields(plan.output.format, known)
    const rejections = await moveAll(extract, transform, output, context, signal)
    const readMs = context.clock.now()
    const fields = transform === undefined ? extract.fields : transform.finalFields()
    const { files, manifest } = await output.finish(fields)
    const { rows, bytes } = output.progress
    return {
      // I10: what left rows out never ends plain green
      status: rejections.count === 0 ? 'completed' : 'completed-with-errors',
      rows,
      bytes,
      rejected: rejections.count,
      files,
      manifest,
      consistency: extract.consistency,
      connection,
      warnings: [...passedOver, ...rejections.warnings()],
      phases: [
        { name: 'connector', startMs, endMs: readMs },
        { name: 'upload', startMs: openedMs, endMs: context.clock.now() },
      ],
    }
  } catch (error) {
    await output.discard() // I5
    throw error
  }
}

/** What a connector declares may depend on its settings; only the extract knows. */
function requireOneMoment({ mustBeOneMoment, name, queryPath }: PlannedSource, extract: Extract): void {
  if (!mustBeOneMoment || extract.consistency === 'snapshot') return
  throw fault(
    'guarantee-unreachable',
    `One moment of "${name}" is demanded, and it changes while this query is read`,
    { path: queryPath, fix: 'Set `consistency: any`, or read another source' },
  )
}

/** Loads the steps of `process` and their code before anything is opened; undefined when there are none. */
async function prepareTransform(
  plan: Plan,
  { application }: RunContext,
): Promise<((fields: readonly Field[]) => Promise<Transform>) | undefined> {
  if (plan.process.length === 0) return undefined
  const { loadSteps } = await import('./load-steps.ts')
  const { createTransform } = await import('../transform/transform.ts')
  const steps = await loadSteps(plan, application)
  return (fields) => createTransform(steps, fields, plan.chunk.bytes)
}

/** Opens both ends at once: what the one waits for is time for the other. */
async function openBoth(
  plan: Plan,
  services: ConnectionServices,
  opened: AsyncDisposableStack,
): Promise<OpenedExtract & { readonly store: Store }> {
  // when one fails, the other need not go on trying
  const failed = new AbortController()
  const both = { ...services, signal: AbortSignal.any([services.signal, failed.signal]) }
  const fail = (error: unknown): never => {
    failed.abort(error)
    throw error
  }
  const [read, store] = await Promise.allSettled([
    openWithFallbacks(plan.source, readRequest(plan), both).catch(fail),
    openStore(plan.store, both).catch(fail),
  ])
  if (store.status === 'fulfilled') opened.defer(() => close(store.value, plan.store, services))
  if (read.status === 'fulfilled') opened.use(read.value.extract)
  if (read.status === 'rejected' || store.status === 'rejected') throw failed.signal.reason
  return { store: store.value, ...read.value }
}

/** Whether each row that is read becomes one of the result: then a limit of the result limits the read. */
function isOneToOne({ process }: Plan): boolean {
  return process.every(
    (step) => 'select' in step || ('validate' in step && step.validate.onInvalid === 'fail'),
  )
}

function isOneSheet({ output }: Plan): boolean {
  return output.format === 'xlsx' && output.split === undefined
}

/** @throws BulkheadError `xlsx-limit-exceeded`, before the work where the source knows how many rows there are */
function checkRows(plan: Plan, rows = 0): void {
  if (rows > mostSheetRows && isOneSheet(plan) && isOneToOne(plan)) throw tooManySheetRows()
}

function readRequest(plan: Plan): ReadRequest {
  const { source, output, limits, chunk } = plan
  // one row more tells a result that is too large from one that just fits
  const most = Math.min(
    limits.rows ?? Number.POSITIVE_INFINITY,
    isOneSheet(plan) ? mostSheetRows : Number.POSITIVE_INFINITY,
  )
  return {
    query: source.query,
    parameters: source.parameters,
    form: source.form,
    output: { format: output.format, csv: output.csv },
    maxRows: isOneToOne(plan) && most !== Number.POSITIVE_INFINITY ? most + 1 : undefined,
    batchRows: chunk.rows,
    batchBytes: chunk.bytes,
  }
}

/** The loop: each batch is transformed and taken by the output before the next one is asked for. */
async function moveAll(
  extract: Extract,
  transform: Transform | undefined,
  output: ResultOutput,
  context: RunContext,
  signal: AbortSignal,
): Promise<Rejections> {
  const rejections = new Rejections()
  const teller = progressTeller(context.onProgress, context.clock)
  for await (const batch of iterateUntilStopped(extract.read(signal), signal)) {
    signal.throwIfAborted()
    if (transform === undefined) await output.write(batch, extract.fields)
    else await transformInto(output, transform, batch, rejections, signal)
    teller.told(output.progress)
  }
  signal.throwIfAborted() // a source may take a stop for its end
  teller.final(output.progress)
  return rejections
}

async function transformInto(
  output: ResultOutput,
  transform: Transform,
  batch: Batch,
  rejections: Rejections,
  signal: AbortSignal,
): Promise<void> {
  if (batch.form === 'bytes') throw new Error('Bytes cannot be transformed')
  // the application's code may wait for something that never comes
  for await (const part of iterateUntilStopped(transform.apply(batch), signal)) {
    signal.throwIfAborted()
    rejections.add(part.rejected)
    // fields are known at the latest when a batch has come out
    const fields: readonly Field[] = transform.fields ?? transform.finalFields()
    if (part.batch !== undefined) await output.write(part.batch, fields)
  }
}

/** Rows that were left out: all are counted, the first ones told. */
class Rejections {
  readonly #told: RejectedRow[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(rejected: readonly RejectedRow[]): void {
    this.#count += rejected.length
    this.#told.push(...rejected.slice(0, 3 - this.#told.length))
  }

  warnings(): string[] {
    if (this.#count === 0) return []
    const told = this.#told.map(({ row, reason }) => `Row ${row} was left out: ${reason}`)
    const more = this.#count - told.length
    return more === 0 ? told : [...told, `${more} more ${more === 1 ? 'row was' : 'rows were'} left out`]
  }
}
