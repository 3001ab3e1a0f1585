import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, unlessAborted } from '@bulkhead/connector-sdk'
import { requestType } from '@bulkhead/contract'
import { createGate, evidenceOf } from '../gate.ts'
import type { RunningTrigger, TriggerContext, TriggerOf } from '../trigger.ts'
import { readSchedule, type Schedule } from './schedule.ts'
import { scheduledParameters } from './schedule-text.ts'

/** A time that came to be handled later than this was missed, and `catchUp` decides. */
const graceMs = 60_000
/** Timers are cut, so that a clock that was set, or a machine that slept, is noticed. */
const longestSleepMs = 30_000
/** Of times that wait behind each other; older ones are left out. */
const mostPending = 1000
const pollMs = 1000

interface Due {
  readonly atMs: number
  /** Came while this server was watching. */
  readonly live: boolean
}

/**
 * Runs of a job at set times. The id of the request follows from trigger and time, so that two servers that fire at
 * once ask for one run (I4); a time is marked when its request is in the repository, so that none is lost.
 */
export function startCronTrigger(trigger: TriggerOf<'cron'>, context: TriggerContext): RunningTrigger {
  const { cron, job } = trigger
  const { served, name, intake, repository, log, now } = context
  const application = served.application.name
  const source = `/bulkhead/applications/${application}/triggers/${name}`
  const details = { application, trigger: name }
  const stop = new AbortController()
  const { signal } = stop
  const gate = createGate(now, (reason) => log.warn(`The schedule "${name}" waits: ${reason}`, details))
  let pending: Due[] = []
  let added = Promise.withResolvers<void>()
  let invalid: string | undefined

  async function run(): Promise<void> {
    let schedule: Schedule
    try {
      schedule = readSchedule(cron.schedule, cron.timeZone)
      scheduledParameters(trigger.parameters, now(), cron.timeZone)
    } catch (error) {
      invalid = isBulkheadError(error) ? error.message : String(error)
      log.warn(`The schedule "${name}" is not followed: ${invalid}`, details)
      return
    }
    const results = await Promise.allSettled([watch(schedule), work()])
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }

  /** Puts times into `pending` as they come. */
  async function watch(schedule: Schedule): Promise<void> {
    let seenMs = await firstTime()
    const most = cron.catchUp + graceMs / 1000
    for (let live = false; ; live = true) {
      const times = schedule.between(seenMs, now(), Math.min(mostPending, most))
      pending = [...pending, ...times.map((atMs) => ({ atMs, live }))].slice(-mostPending)
      if (times.length > 0) added.resolve()
      seenMs = times.at(-1) ?? seenMs
      const next = schedule.next(Math.max(seenMs, now())) ?? Number.POSITIVE_INFINITY
      await sleep(Math.max(10, Math.min(next - now(), longestSleepMs)), undefined, { signal })
    }
  }

  /** Where a schedule begins: where it stood, or now when it is new. */
  async function firstTime(): Promise<number> {
    const last = await gate.pass(() => repository.lastFired(application, name), signal)
    if (last !== undefined) return last
    const at = now()
    await gate.pass(() => repository.fired({ application, trigger: name, after: undefined, at }), signal)
    return at
  }

  async function work(): Promise<void> {
    for (;;) {
      leaveOutMissed()
      const [due] = pending
      if (due === undefined) {
        await unlessAborted(added.promise, signal)
        added = Promise.withResolvers()
        continue
      }
      await handle(due)
      pending = pending.filter((other) => other !== due)
    }
  }

  /** Of times that passed while nobody could take them the latest are made good, as many as the trigger wants. */
  function leaveOutMissed(): void {
    const missed = pending.filter(
      ({ atMs, live }) => now() - atMs > graceMs && !(live && cron.overlap === 'queue'),
    )
    const leftOut = new Set(missed.slice(0, Math.max(0, missed.length - cron.catchUp)))
    if (leftOut.size === 0) return
    pending = pending.filter((due) => !leftOut.has(due))
    log.warn(`The schedule "${name}" leaves out ${leftOut.size} times that were missed`, details)
  }

  async function handle({ atMs }: Due): Promise<void> {
    const last = await gate.pass(() => repository.lastFired(application, name), signal)
    // another server was first
    if (last !== undefined && last >= atMs) return
    const at = new Date(atMs).toISOString()
    const id = `${name}@${at}`
    if (cron.overlap !== 'allow') {
      while (await isOpen(id)) {
        if (cron.overlap === 'skip') {
          log.warn(`The schedule "${name}" leaves out ${at}: the run before is not over`, details)
          await mark(last, atMs)
          return
        }
        await sleep(pollMs, undefined, { signal })
      }
    }
    const input = JSON.stringify({
      specversion: '1.0',
      type: requestType,
      source,
      id,
      time: at,
      data: { job, parameters: scheduledParameters(trigger.parameters, atMs, cron.timeZone) },
    })
    const arrival = { application, input, actor: `cron:${name}`, madeAtMs: atMs }
    const taken = await gate.pass(() => intake.take(arrival), signal)
    if (taken.is === 'refused' || taken.is === 'unreadable')
      log.warn(`The run of the schedule "${name}" at ${at} is refused: ${taken.error.message}`, {
        ...details,
        code: taken.error.code,
      })
    await mark(last, atMs)
  }

  async function mark(last: number | undefined, atMs: number): Promise<void> {
    await gate.pass(() => repository.fired({ application, trigger: name, after: last, at: atMs }), signal)
  }

  /** Whether a run of an earlier time is waiting or under way, whichever server has it. */
  async function isOpen(id: string): Promise<boolean> {
    for (const state of ['running', 'queued'] as const) {
      const { items } = await gate.pass(
        () => repository.runs({ application, job, state, most: mostPending }),
        signal,
      )
      if (items.some(({ requestSource, requestId }) => requestSource === source && requestId !== id))
        return true
    }
    return false
  }

  const running = run().catch((error: unknown) => {
    if (signal.aborted) return
    invalid = 'A fault in Bulkhead; see the log'
    log.warn(`The schedule "${name}" ended: ${evidenceOf(error)}`, details)
  })

  return {
    status() {
      const waits = gate.state()
      return {
        application,
        trigger: name,
        kind: 'cron',
        isReady: invalid === undefined && waits?.isFailure !== true,
        reason: invalid ?? waits?.reason,
        lag: pending.length,
      }
    },
    async stop() {
      stop.abort(new Error('The server ends'))
      await running
    },
  }
}
