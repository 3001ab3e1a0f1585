import {
  collectDefaultMetrics,
  Counter,
  type CounterConfiguration,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client'
import type { RunnerStatus } from '../dispatch/runners.ts'
import type { FinishedRun, Repository } from '../repository/repository.ts'
import { aroundRepository } from './around-repository.ts'
import { createSourceMetrics } from './source-metrics.ts'

export interface MetricsOptions {
  /** Names of the applications that are served: no other becomes a label, so their number is bounded. */
  readonly applications: () => readonly string[]
  readonly revisions: () => readonly AppliedRevision[]
  readonly repository: Pick<Repository, 'queued' | 'outbox'>
  readonly runners: () => readonly RunnerStatus[]
  readonly triggers: () => readonly TriggerStatus[]
  /** Besides the own one; at most twenty. */
  readonly engines: () => readonly EngineStatus[]
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What is served of an application. */
export interface AppliedRevision {
  readonly application: string
  /** Undefined: none is served. */
  readonly number: number | undefined
  /** Whether something that is wanted of it cannot be: 1, or 0. */
  readonly setAside: 0 | 1
}

/** Whether this server can use an engine. */
export interface EngineStatus {
  readonly engine: string
  readonly isUsable: boolean
}

/** What is known of something that starts runs. */
export interface TriggerStatus {
  readonly application: string
  readonly trigger: string
  readonly isReady: boolean
  /** Messages that wait in a topic, or files in a folder; undefined where nobody counts. */
  readonly lag: number | undefined
}

export interface Metrics {
  /** In the text format of Prometheus. */
  expose(): Promise<{ readonly type: string; readonly text: string }>
  /** A repository whose calls are counted and timed; the rooms of the server are given this one. */
  observe(repository: Repository): Repository
  /** A request was not taken for now, because too many came for its application. */
  held(application: string): void
  /** Of results whose time was over. */
  resultsRemoved(application: string, outcome: 'removed' | 'failed', results: number): void
  httpAnswered(call: {
    readonly method: string
    /** Its pattern, never its address. */
    readonly route: string
    readonly status: number
    readonly ms: number
  }): void
  /** Takes the process metrics down, which hold timers. */
  close(): void
}

/** From the fastest small run, of some milliseconds, to the longest that a policy allows by default. */
const RUN_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 7200]
const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Questions to the repository for one scrape; a scrape that asks every few seconds must not cost more. */
const REMEMBERED_MS = 2_000
/** Of runs that ended before a process had them. */
const noEngine = 'none'
/** Messages that are under way: whose they are, until they are sent. */
const MOST_MESSAGES = 10_000

export function createMetrics(options: MetricsOptions): Metrics {
  const { now } = options
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // gauges that are named like counters, for which `promtool check metrics` fails
  for (const kind of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${kind}_total`)

  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name, help, labelNames: [...labelNames], registers } satisfies CounterConfiguration<T>)
  const histogram = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    buckets: number[],
  ): Histogram<T> => new Histogram({ name, help, labelNames: [...labelNames], buckets, registers })

  const requests = counter('bulkhead_requests_total', 'Requests that were taken, by what they were', [
    'application',
    'is',
  ])
  const reused = counter(
    'bulkhead_requests_reused_total',
    'Requests that were answered with the result of an identical one: `at-once`, or after they `waited` for it',
    ['application', 'how'],
  )
  const held = counter(
    'bulkhead_requests_held_total',
    'Times that a request was not taken for now, because its application had too many a second',
    ['application'],
  )
  const runs = counter(
    'bulkhead_runs_total',
    'Runs that ended on this server, by how, and by the engine whose process had them',
    ['application', 'status', 'engine'],
  )
  const lost = counter('bulkhead_runs_lost_total', 'Runs whose runner died or was not heard of', ['reason'])
  const runSeconds = histogram(
    'bulkhead_run_duration_seconds',
    'From the start of a run to its end',
    ['application'],
    RUN_SECONDS,
  )
  const waitSeconds = histogram(
    'bulkhead_run_queue_seconds',
    'How long a run had waited in the queue when it was given to a runner',
    ['application'],
    RUN_SECONDS,
  )
  const rows = counter('bulkhead_result_rows_total', 'Rows of results', ['application'])
  const bytes = counter('bulkhead_result_bytes_total', 'Bytes of results, as stored', ['application'])
  const removals = counter(
    'bulkhead_results_removed_total',
    'Results whose time was over: removed, or failed to be and tried again later',
    ['application', 'outcome'],
  )
  const replies = counter('bulkhead_replies_total', 'Reply messages, by what came of trying to send them', [
    'application',
    'outcome',
  ])
  const repositorySeconds = histogram(
    'bulkhead_repository_duration_seconds',
    'Calls of the repository',
    ['operation', 'outcome'],
    CALL_SECONDS,
  )
  const httpSeconds = histogram(
    'bulkhead_http_request_duration_seconds',
    'Calls of the HTTP API, until their answer began',
    ['method', 'route', 'status'],
    CALL_SECONDS,
  )
  const labelled = (application: string): string =>
    options.applications().includes(application) ? application : 'unknown'
  const sources = createSourceMetrics(registry, { runners: options.runners, labelled, now })
  addGauges(registry, options)
  const senders = new Map<string, string>()

  return {
    async expose() {
      return { type: registry.contentType, text: await registry.metrics() }
    },
    held: (application) => held.inc({ application: labelled(application) }),
    resultsRemoved: (application, outcome, results) =>
      removals.inc({ application: labelled(application), outcome }, results),
    httpAnswered: ({ method, route, status, ms }) =>
      httpSeconds.observe({ method, route, status: String(status) }, ms / 1000),
    close: () => registry.clear(),
    observe: (repository) =>
      aroundRepository(
        repository,
        {
          async accept(call, request) {
            const accepted = await call(request)
            const application = labelled(request.application)
            requests.inc({ application, is: accepted.is })
            if (accepted.is === 'new' && accepted.run.reusedFrom !== undefined)
              reused.inc({ application, how: 'at-once' })
            return accepted
          },
          async refuse(call, request, reply) {
            const accepted = await call(request, reply)
            const application = labelled(request.application)
            requests.inc({ application, is: accepted.is === 'new' ? 'refused' : accepted.is })
            if (accepted.is === 'new') runs.inc({ application, status: reply.status, engine: noEngine })
            return accepted
          },
          async claim(call, claim) {
            const claimed = await call(claim)
            for (const { run } of claimed.runs)
              waitSeconds.observe({ application: labelled(run.application) }, run.waitedMs / 1000)
            return claimed
          },
          async finish(call, finished) {
            const came = await call(finished)
            if (came === 'finished') countOutcome(finished)
            return came
          },
          async settleWaiting(call, most) {
            const settled = await call(most)
            for (const { application } of settled.answered)
              reused.inc({ application: labelled(application), how: 'waited' })
            return settled
          },
          async lose(call, lostRuns, policy) {
            const ended = await call(lostRuns, policy)
            for (const { why } of lostRuns)
              lost.inc({ reason: why === 'died' ? 'runner-died' : 'handed-over' })
            return ended
          },
          async recover(call, policy) {
            const recovered = await call(policy)
            lost.inc({ reason: 'lease-ran-out' }, recovered.runs)
            return recovered
          },
          async takeMessages(call, take) {
            const messages = await call(take)
            for (const { id, application } of messages) {
              if (senders.size >= MOST_MESSAGES) senders.delete(senders.keys().next().value ?? '')
              senders.set(id, application)
            }
            return messages
          },
          async messagesSent(call, ids) {
            await call(ids)
            for (const id of ids) countReply(id, 'sent')
          },
          async messageFailed(call, failure) {
            await call(failure)
            countReply(failure.id, failure.givenUp ? 'given-up' : 'failed')
          },
        },
        timed,
      ),
  }

  async function timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const begin = performance.now()
    let outcome = 'failed'
    try {
      const result = await call()
      outcome = 'ok'
      return result
    } finally {
      repositorySeconds.observe({ operation, outcome }, (performance.now() - begin) / 1000)
    }
  }

  function countOutcome({ outcome: { reply, source }, engine }: FinishedRun): void {
    const application = labelled(reply.application)
    runs.inc({ application, status: reply.status, engine: engine?.split(' ')[0] ?? noEngine })
    if (reply.startedAt !== undefined && reply.finishedAt !== undefined)
      runSeconds.observe(
        { application },
        Math.max(0, Date.parse(reply.finishedAt) - Date.parse(reply.startedAt)) / 1000,
      )
    rows.inc({ application }, reply.result?.rows ?? 0)
    bytes.inc({ application }, reply.result?.bytes ?? 0)
    sources.ended(application, reply, source)
  }

  function countReply(id: string, outcome: string): void {
    const application = senders.get(id)
    if (outcome !== 'failed') senders.delete(id)
    replies.inc({ application: application === undefined ? 'unknown' : labelled(application), outcome })
  }
}

/** What is read when somebody asks. A repository that does not answer leaves its values out, and nothing else. */
function addGauges(registry: Registry, options: MetricsOptions): void {
  const registers = [registry]
  const gauge = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    read: (gauge: Gauge<T>) => Promise<void> | void,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      async collect() {
        this.reset()
        await read(this)
      },
    })
  }
  const queues = remembered(options.now, () =>
    Promise.all(
      options
        .applications()
        .map(async (application) => ({ application, runs: await options.repository.queued(application) })),
    ),
  )
  const outbox = remembered(options.now, () => options.repository.outbox())

  gauge('bulkhead_queue_runs', 'Runs that wait', ['application'], async (own) => {
    for (const { application, runs } of await queues()) own.set({ application }, runs)
  })
  gauge('bulkhead_outbox_messages', 'Reply messages that are not sent, by state', ['state'], async (own) => {
    for (const { state, messages } of await outbox()) own.set({ state }, messages)
  })
  gauge(
    'bulkhead_outbox_oldest_seconds',
    'Age of the oldest reply message of a state',
    ['state'],
    async (own) => {
      for (const { state, oldestAtMs } of await outbox())
        own.set({ state }, oldestAtMs === undefined ? 0 : Math.max(0, options.now() - oldestAtMs) / 1000)
    },
  )
  gauge('bulkhead_application_revision', 'Number of the revision that is served', ['application'], (own) => {
    for (const { application, number } of options.revisions())
      if (number !== undefined) own.set({ application }, number)
  })
  gauge(
    'bulkhead_application_set_aside',
    'Whether something that is wanted of an application cannot be served: 1, or 0',
    ['application'],
    (own) => {
      for (const { application, setAside } of options.revisions()) own.set({ application }, setAside)
    },
  )
  gauge('bulkhead_engine_usable', 'Whether this server can use an engine: 1, or 0', ['engine'], (own) => {
    for (const { engine, isUsable } of options.engines()) own.set({ engine }, isUsable ? 1 : 0)
  })
  gauge('bulkhead_runner_processes', 'Runner processes of this server', ['application'], (own) => {
    for (const { application } of options.runners()) own.inc({ application })
  })
  gauge('bulkhead_runner_memory_bytes', 'Memory of runner processes', ['application'], (own) => {
    for (const { application, memoryBytes } of options.runners()) own.inc({ application }, memoryBytes)
  })
  gauge('bulkhead_runner_runs', 'Runs that are under way on this server', ['application'], (own) => {
    for (const { application, runs } of options.runners()) own.inc({ application }, runs.length)
  })
  gauge(
    'bulkhead_trigger_ready',
    'Whether a trigger takes requests: 1, or 0',
    ['application', 'trigger'],
    (own) => {
      for (const { application, trigger, isReady } of options.triggers())
        own.set({ application, trigger }, isReady ? 1 : 0)
    },
  )
  gauge(
    'bulkhead_trigger_lag',
    'Requests that a trigger has not taken yet',
    ['application', 'trigger'],
    (own) => {
      for (const { application, trigger, lag } of options.triggers())
        if (lag !== undefined) own.set({ application, trigger }, lag)
    },
  )
}

/** Several gauges, and several scrapers, are one question. */
function remembered<T>(now: () => number, ask: () => Promise<readonly T[]>): () => Promise<readonly T[]> {
  let last: { readonly at: number; readonly answer: Promise<readonly T[]> } | undefined
  return () => {
    if (last === undefined || now() - last.at >= REMEMBERED_MS)
      last = { at: now(), answer: ask().catch((): readonly T[] => []) }
    return last.answer
  }
}
