import { randomBytes } from 'node:crypto'
import {
  type endpoints,
  fault,
  logLineSchema,
  type EventList,
  type RunList,
  type RunLog,
  type RunView,
} from '@bulkhead/contract'
import { runIdOf } from '@bulkhead/engine/job/run-id'
import type { Runners } from '../dispatch/runners.ts'
import type { Page, Repository, RunQuery, RunRecord } from '../repository/repository.ts'
import { type Call, type Handlers, ok } from './call.ts'
import { eventView, runAccepted, runPath, runView } from './views.ts'

type RunEndpoints =
  | 'listApplicationRuns'
  | 'listRuns'
  | 'showRun'
  | 'listRunEvents'
  | 'showRunLog'
  | 'cancelRun'
  | 'retryRun'

/** Looking at runs, and what can be done with them. */
export function runHandlers(
  repository: Repository,
  runners: Pick<Runners, 'waitsFor'>,
  now: () => number,
): Handlers<RunEndpoints> {
  const view = (run: RunRecord): RunView => runView(run, now(), () => runners.waitsFor(run))
  const list = ({ items, next }: Page<RunRecord>): RunList => ({
    items: items.map(view),
    ...(next !== undefined && { next }),
  })
  return {
    async listApplicationRuns({ params, query }) {
      return ok(list(await repository.runs({ ...runQuery(query), application: params.application })))
    },
    async listRuns({ query }) {
      return ok(list(await repository.runs(runQuery(query))))
    },
    showRun: ({ run }) => Promise.resolve(ok(view(run))),
    async listRunEvents({ run, query }) {
      const { items, next } = await repository.events({
        runId: run.runId,
        after: query.after,
        most: query.limit,
      })
      return ok({ items: items.map(eventView), ...(next !== undefined && { next }) } satisfies EventList)
    },
    async showRunLog({ run, query }) {
      const { items, next } = await repository.log(run.runId, query.after, query.limit)
      return ok({
        lines: items.flatMap(({ text }) => logLines(text)),
        ...(next !== undefined && { next }),
      } satisfies RunLog)
    },
    async cancelRun({ run, caller, body }) {
      const { runId } = run
      const taken = await repository.command({
        runId,
        command: 'cancel',
        actor: caller.actor,
        reason: body().reason,
      })
      switch (taken.is) {
        case 'run-unknown':
          throw fault('run-unknown', `There is no run ${runId}`)
        case 'run-over':
          throw fault('run-over', `The run is over: ${taken.state}`)
        case 'accepted':
        case 'effective':
          return { status: 202, body: { commandId: taken.commandId, is: taken.is } }
      }
    },
    async retryRun({ run, caller }) {
      const again = await repository.retry(run.runId, caller.actor, runIdOf(now(), randomBytes(10)))
      if (again === undefined)
        throw fault('run-not-retryable', `The run cannot be tried again: it is ${stateOf(run)}`)
      return {
        status: 202,
        body: runAccepted(again, 'new'),
        headers: { Location: runPath(again.runId) },
      }
    },
  }
}

function runQuery(query: Call<typeof endpoints.listRuns>['query']): RunQuery {
  const { limit, state, job, requestId, before } = query
  return {
    ...(state !== undefined && { state }),
    ...(job !== undefined && { job }),
    ...(requestId !== undefined && { requestId }),
    ...(before !== undefined && { before }),
    most: limit,
  }
}

/** A segment holds lines of JSON; one that was cut in the middle is left out. */
function logLines(text: string): RunLog['lines'] {
  return text.split('\n').flatMap((line) => {
    try {
      const read = logLineSchema.safeParse(JSON.parse(line))
      return read.success ? [read.data] : []
    } catch {
      return []
    }
  })
}

function stateOf({ state, reply }: RunRecord): string {
  return state === 'failed' && reply?.error !== undefined ? `${state} (${reply.error.code})` : state
}
