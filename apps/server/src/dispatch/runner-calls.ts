import type { Log } from '@bulkhead/connector-sdk'
import {
  type Heartbeat,
  type HeartbeatAnswer,
  type LogLine,
  ownEngine,
  runnerProtocol,
  type StoredReply,
  type Work,
} from '@bulkhead/contract'
import type { Repository } from '../repository/repository.ts'
import type { ActiveRun } from './active-run.ts'
import type { FreshLinks } from './fresh-links.ts'
import type { RunEnds } from './run-ends.ts'
import type { RunnerCalls } from './runner-api.ts'
import type { RunnerProcess } from './runner-process.ts'
import type { TaskDesk } from './task-desk.ts'

/** A claim is answered after so long also without work, milliseconds. */
const claimWaitMs = 20_000

/** What the calls of runners come to, over the runs that are active. */
export function createRunnerCalls(options: {
  readonly repository: Pick<Repository, 'appendLog'>
  readonly log: Log
  readonly find: (runId: string, epoch: number) => ActiveRun | undefined
  readonly ends: RunEnds
  readonly desk: TaskDesk
  readonly freshLinks: Pick<FreshLinks, 'keep'>
  /** A run that was meant for a process that did not take it. */
  readonly placeAgain: (run: ActiveRun) => void
  /** It ended as its runner said. */
  readonly onEnded: (run: ActiveRun, reply: StoredReply) => void
}): RunnerCalls {
  const { repository, log, find, ends, desk, freshLinks, placeAgain, onEnded } = options

  function report(process: RunnerProcess, told: Heartbeat['runs'][number]): HeartbeatAnswer['runs'][number] {
    const { runId, epoch } = told
    const run = find(runId, epoch)
    if (run === undefined || run.process !== process) return { runId, lost: true, commands: [] }
    run.heardAtMs = performance.now()
    run.startedAtMs = told.startedAtMs ?? run.startedAtMs
    run.progress = told.progress ?? run.progress
    for (const id of told.effective) run.obeyed.add(id)
    keepLog(run, told.log, told.leftOutLines)
    const commands = run.commands.filter(({ id }) => !run.obeyed.has(id))
    return { runId, lost: run.lost, commands: [...commands] }
  }

  function keepLog(run: ActiveRun, lines: readonly LogLine[], leftOutLines: number): void {
    if (lines.length === 0 && leftOutLines === 0) return
    const { runId, epoch } = run.record
    const last = { at: Date.now(), level: 'warn', message: `${leftOutLines} lines were left out here` }
    const all = leftOutLines === 0 ? lines : [...lines, last]
    const text = all.map((line) => `${JSON.stringify(line)}\n`).join('')
    repository.appendLog([{ runId, epoch, number: ++run.segments, text }]).catch((error: unknown) => {
      log.warn('Log lines of a run could not be kept', { runId, error: String(error) })
    })
  }

  function notTaken(process: RunnerProcess, work: Work): void {
    if (work.kind === 'task') return desk.notTaken(process, work)
    const run = find(work.runId, work.epoch)
    if (run !== undefined) placeAgain(run)
  }

  return {
    async claim(process, { version, protocol }, gone) {
      // the own one came with the server
      const isOwn = process.engine.name === ownEngine
      if (!isOwn && (version !== process.engine.version || protocol !== runnerProtocol)) {
        const reason = `it says that it is version ${version}, protocol ${protocol}`
        process.kill({ why: 'exit', reason })
        return undefined
      }
      process.ready()
      return await process.inbox.take(claimWaitMs, gone)
    },
    notTaken,
    bundle: ({ one }, digest) => (one.revision === digest ? one.bundle : undefined),
    heartbeat(process, { runs, breakers }) {
      process.breakers = breakers ?? []
      // what it has not taken it never will: its open claim is answered before it hears that no more is wanted
      if (process.draining) for (const work of process.inbox.close()) notTaken(process, work)
      return { runs: runs.map((told) => report(process, told)), drain: process.draining }
    },
    async finishRun(process, runId, { breakers, links, log: lines = [], leftOutLines = 0, ...finish }) {
      process.breakers = breakers ?? []
      const run = find(runId, finish.epoch)
      // it was given up here, for its process was silent for too long, or its outcome is known already
      if (run === undefined || run.process !== process)
        return await ends.late(runId, finish, process.engine.label)
      // before it is kept: whoever sends the reply is told of it first
      if (links !== undefined && finish.delivery !== undefined)
        freshLinks.keep(run.record.application, finish.delivery, links)
      const finishing = ends.finish(run, finish)
      run.finishing = finishing
      try {
        const taken = await finishing
        if (taken === 'finished') {
          keepLog(run, lines, leftOutLines)
          onEnded(run, finish.reply)
        }
        return taken
      } finally {
        run.finishing = undefined
      }
    },
    finishTask: (process, taskId, finish) => desk.finished(process, taskId, finish),
  }
}
