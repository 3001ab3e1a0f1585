import { fault, listNames, type ReplyList } from '@bulkhead/contract'
import type { Applications } from '../applications/applications.ts'
import { allows } from '../auth/scopes.ts'
import type { Repository } from '../repository/repository.ts'
import { type Handlers, ok } from './call.ts'
import { replyView } from './views.ts'

/** The outbox: what was sent, what could not be, and sending once more. */
export function replyHandlers(
  repository: Pick<Repository, 'messages' | 'resend'>,
  applications: Pick<Applications, 'get'>,
): Handlers<'listReplies' | 'resendReplies'> {
  return {
    async listReplies({ query: { limit, application, runId, state, after }, caller }) {
      if (application !== undefined && !allows(caller.scopes, { right: 'read', application }))
        throw fault('scope-missing', `The token does not have the scope read:${application}`)
      const { items, next } = await repository.messages({
        ...(application !== undefined && { application }),
        ...(runId !== undefined && { runId }),
        ...(state !== undefined && { state }),
        ...(after !== undefined && { after }),
        most: limit,
      })
      const visible = items.filter((message) =>
        allows(caller.scopes, { right: 'read', application: message.application }),
      )
      return ok({ items: visible.map(replyView), ...(next !== undefined && { next }) } satisfies ReplyList)
    },
    async resendReplies({ run, caller, body }) {
      if (run.reply === undefined)
        throw fault('run-not-over', `The run is ${run.state}, so it has no answer yet`)
      const served = applications.get(run.application)
      if (served === undefined)
        throw fault('application-unknown', `The application "${run.application}" is not served any more`)
      const declared = served.destinations.outcome
      const { destinations = declared } = body()
      const unknown = destinations.find((name) => !declared.includes(name))
      if (unknown !== undefined)
        throw fault('reply-destination-unknown', `There is no reply destination "${unknown}"`, {
          path: 'destinations',
          fix: `Choose one of ${listNames(declared)}`,
        })
      return {
        status: 202,
        body: { messages: await repository.resend(run.runId, caller.actor, destinations) },
      }
    },
  }
}
