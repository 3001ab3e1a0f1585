/**
 * A run in memory, for faults that no real server produces on demand: a source and a store whose every
 * step can be made to fail, hang or wait. What real servers can show is tested with them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Batch,
  type BytesBatch,
  type ConnectionContext,
  type ConnectorDefinition,
  type Extract,
  type Field,
  type Log,
  type ReadRequest,
  SDK_VERSION,
  type Source,
  type SourceCapabilities,
  type Store,
  type StoreCapabilities,
  type StoredObject,
  type Upload,
  defaultCsv,
  z,
} from '@bulkhead/connector-sdk'
import type { ConnectorEntry } from '../../packages/engine/src/catalog/catalog.ts'
import type { Plan, PlannedConnection } from '../../packages/engine/src/plan/plan.ts'
import type { Progress, RunContext } from '../../packages/engine/src/run/run-context.ts'

/** Called at every step of source and store; throws or waits to make that step fail or hang. */
export type Hook = (step: string, signal: AbortSignal) => unknown

export interface MemoryRunOptions {
  readonly fields?: readonly Field[]
  /** What the source yields; a function is asked once for each attempt. */
  readonly batches?: readonly Batch[] | ((signal: AbortSignal) => AsyncIterable<Batch>)
  readonly at?: Hook
  /** Of the extract; default: one moment. */
  readonly consistency?: Extract['consistency']
  /** That the extract says it has; default: it does not say. */
  readonly rows?: number
  readonly partBytes?: number
  readonly signal?: AbortSignal
  readonly plan?: Partial<Plan>
  readonly context?: Partial<RunContext>
}

export interface MemoryRun {
  readonly plan: Plan
  readonly context: RunContext
  /** Objects that are visible, by key. */
  readonly objects: Map<string, Buffer>
  /** Every step that was taken, in order. */
  readonly steps: string[]
  /** Uploads that were neither completed nor aborted. */
  readonly open: () => number
  readonly reads: ReadRequest[]
  readonly logged: string[]
  readonly progress: Progress[]
  /** Delays that were slept, milliseconds; no time passes. */
  readonly slept: number[]
}

const text: Field = { name: 'a', type: { kind: 'text' }, nullable: true }

export function memoryRun(options: MemoryRunOptions = {}): MemoryRun {
  const objects = new Map<string, Buffer>()
  const steps: string[] = []
  const uploads = new Set<Upload>()
  const reads: ReadRequest[] = []
  const logged: string[] = []
  const progress: Progress[] = []
  const slept: number[] = []
  const at = async (step: string, signal: AbortSignal): Promise<void> => {
    steps.push(step)
    await options.at?.(step, signal)
  }

  const source: ConnectorDefinition<unknown> = definition({
    source: {
      capabilities: sourceCapabilities,
      async open(context) {
        await at('source.open', context.signal)
        steps.push('source.opened')
        return memorySource(context)
      },
    },
  })
  const store: ConnectorDefinition<unknown> = definition({
    store: {
      capabilities: storeCapabilities,
      async open(context) {
        await at('store.open', context.signal)
        steps.push('store.opened')
        return memoryStore()
      },
    },
  })

  function memorySource(context: ConnectionContext<unknown>): Source {
    return {
      check: () => Promise.resolve('memory'),
      async prepare(read, signal): Promise<Extract> {
        reads.push(read)
        await at('source.prepare', signal)
        return {
          fields: options.fields ?? [text],
          consistency: options.consistency ?? 'snapshot',
          rows: options.rows,
          async *read(reading) {
            let number = 0
            for await (const batch of batchesOf(options.batches ?? [], reading)) {
              await at(`source.read ${++number}`, reading)
              yield batch
            }
            await at('source.end', reading)
          },
          [Symbol.asyncDispose]: () => at('extract.close', context.signal),
        }
      },
      [Symbol.asyncDispose]: () => at('source.close', context.signal),
    }
  }

  function memoryStore(): Store {
    return {
      check: () => Promise.resolve('memory'),
      async create(object, signal) {
        await at(`store.create ${object.key}`, signal)
        const parts = new Map<number, Buffer>()
        const upload: Upload = {
          partBytes: options.partBytes ?? 16,
          inFlight: 2,
          async writePart(number, bytes, writing) {
            const copy = Buffer.from(bytes)
            await at(`store.part ${number}`, writing)
            parts.set(number, copy)
          },
          async complete(completing): Promise<StoredObject> {
            await at('store.complete', completing)
            const whole = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes))
            objects.set(object.key, whole)
            uploads.delete(upload)
            return { key: object.key, location: `memory://${object.key}`, bytes: whole.length }
          },
          async abort() {
            await at('store.abort', signal)
            uploads.delete(upload)
          },
        }
        uploads.add(upload)
        return upload
      },
      link: (object, request) =>
        Promise.resolve({ url: `memory://${object.key}`, expiresAtMs: request.expiresInSeconds * 1000 }),
      async remove(object, signal) {
        await at(`store.remove ${object.key}`, signal)
        objects.delete(object.key)
      },
      async sweep(folder, signal) {
        await at(`store.sweep ${folder}`, signal)
        for (const key of objects.keys()) if (key.startsWith(`${folder}/`)) objects.delete(key)
      },
      async createIfAbsent({ key, bytes }, signal) {
        await at(`store.createIfAbsent ${key}`, signal)
        if (objects.has(key)) return false
        objects.set(key, Buffer.from(bytes))
        return true
      },
      async readStart(key, maxBytes, signal) {
        await at(`store.readStart ${key}`, signal)
        return objects.get(key)?.subarray(0, maxBytes)
      },
      [Symbol.asyncDispose]: () => at('store.close', AbortSignal.any([])),
    }
  }

  return {
    plan: memoryPlan(options.plan),
    context: {
      runId: 'run-1',
      application: { name: 'memory', folder: '/', files: new Map() },
      baseFolder: undefined,
      secrets: { resolve: () => Promise.reject(new Error('No secret is there')) },
      log: recordingLog(logged),
      onProgress: (told) => progress.push(told),
      signal: options.signal ?? new AbortController().signal,
      clock: {
        now: () => Date.now(),
        async sleep(ms, signal) {
          slept.push(ms)
          await sleep(0)
          signal.throwIfAborted()
        },
      },
      temporaryRoot: '/nonexistent',
      signLink: () => Promise.reject(new Error('No link is signed here')),
      load: (entry) => Promise.resolve(entry.name === 'memory-source' ? source : store),
      ...options.context,
    },
    objects,
    steps,
    open: () => uploads.size,
    reads,
    logged,
    progress,
    slept,
  }
}

/** Text rows of one column, as a batch in form `rows`. */
export function rows(...values: readonly string[]): Batch {
  return { form: 'rows', rows: values.map((a) => ({ a })) }
}

/** CSV that a source has encoded already. */
export function csvBytes(content: string, file?: string): BytesBatch {
  return {
    form: 'bytes',
    bytes: Buffer.from(content),
    rows: content.split('\n').length - 1,
    ...(file !== undefined && { file }),
  }
}

async function* batchesOf(
  batches: NonNullable<MemoryRunOptions['batches']>,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  yield* typeof batches === 'function' ? batches(signal) : batches
}

function memoryPlan(changes: Partial<Plan> = {}): Plan {
  return {
    application: 'memory',
    job: 'job',
    flags: {},
    preparation: undefined,
    source: {
      ...memoryConnection('source'),
      query: 'everything',
      parameters: {},
      secretParameters: [],
      form: 'rows',
      formReason: '',
      queryPath: 'spec.jobs.job.source.query',
      fallbacks: [],
      reachable: {},
      mustBeOneMoment: false,
    },
    process: [],
    output: {
      format: 'csv',
      csv: defaultCsv,
      compression: 'none',
      compressionLevel: 1,
      fileName: 'result.csv',
      split: undefined,
      ageRecipients: [],
    },
    store: memoryConnection('store'),
    keptForMs: undefined,
    urlExpiresInSeconds: 60,
    chunk: { rows: 10_000, bytes: 1024 * 1024 },
    retry: { attempts: 3, withinMs: 60_000 },
    limits: { rows: undefined, bytes: undefined, timeMs: 60_000, temporaryBytes: 1024 * 1024 },
    network: { allow: undefined, allowLoopback: false },
    guarantee: 'exactly-once-effect',
    guaranteeReasons: [],
    consistency: 'snapshot',
    warnings: [],
    ...changes,
  }
}

function memoryConnection(name: 'source' | 'store'): PlannedConnection {
  const connector: ConnectorEntry = {
    name: `memory-${name}`,
    version: '1.0.0',
    folder: '/nonexistent',
    integrity: () => '',
    manifest: {
      name: `memory-${name}`,
      version: '1.0.0',
      sdk: SDK_VERSION,
      summary: '',
      config: {},
      query: {},
      ...(name === 'source' ? { source: sourceCapabilities } : { store: storeCapabilities }),
      errors: [],
    },
  }
  return {
    name,
    connector,
    config: {},
    path: `spec.${name}`,
    limits: { connections: 1, queryTimeoutMs: 1000, connectTimeoutMs: 1000 },
    breaker: { failures: 5, openForMs: 30_000 },
  }
}

const sourceCapabilities: SourceCapabilities = {
  forms: ['bytes', 'columns', 'rows'],
  encodes: { csv: { options: [] }, binary: { options: [] } },
  snapshot: true,
  replayable: true,
  readOnly: 'enforced',
  query: 'sql',
  limitsRows: true,
}

const storeCapabilities: StoreCapabilities = { parallelParts: true, links: 'own' }

function definition(
  roles: Pick<ConnectorDefinition<unknown>, 'source' | 'store'>,
): ConnectorDefinition<unknown> {
  return {
    name: 'memory',
    sdk: SDK_VERSION,
    summary: '',
    config: z.unknown(),
    query: z.unknown(),
    errors: [],
    ...roles,
  }
}

function recordingLog(logged: string[]): Log {
  const record = (message: string, details?: Readonly<Record<string, unknown>>): void => {
    logged.push(details === undefined ? message : `${message} ${JSON.stringify(details)}`)
  }
  return { debug: record, info: record, warn: record }
}
