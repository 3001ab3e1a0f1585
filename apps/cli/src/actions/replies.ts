import { replyListSchema, resentSchema } from '@bulkhead/contract'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { formatNumber } from '../terminal/quantities.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { runPath } from './runs.ts'

interface ListOptions extends ServerOptions {
  readonly application?: string
  readonly state?: string
  readonly run?: string
  readonly after?: string
  readonly limit: number
}

export async function listReplies(options: ListOptions, terminal: Terminal): Promise<Answer> {
  const { application, state, run: runId, after, limit } = options
  const client = await serverClient(options, terminal)
  const query = { application, state, runId, after, limit }
  const list = await client.call('GET', '/replies', replyListSchema, { query })
  return {
    value: list,
    text: (style, columns) => {
      const table = renderTable(
        [
          { title: 'run' },
          { title: 'application' },
          { title: 'destination' },
          { title: 'message' },
          { title: 'state' },
          { title: 'tries', align: 'right' },
          { title: 'last error' },
        ],
        list.items.map((reply) => [
          reply.runId,
          reply.application,
          reply.destination,
          reply.message,
          reply.state,
          String(reply.tries),
          reply.lastError ?? '',
        ]),
        style,
        columns,
      )
      const more = list.next === undefined ? [] : [style.dim(`Further ones: --after ${list.next}`)]
      return [list.items.length === 0 ? 'No messages' : table, ...more].join('\n')
    },
  }
}

export async function resendReplies(
  run: string,
  options: ServerOptions & { readonly destination?: readonly string[] },
  terminal: Terminal,
): Promise<Answer> {
  const { destination: destinations } = options
  const client = await serverClient(options, terminal)
  const body = destinations === undefined ? {} : { destinations }
  const resent = await client.call('POST', `${runPath(run)}/replies`, resentSchema, { body })
  return { value: resent, text: () => `${formatNumber(resent.messages, 'message')} in the outbox` }
}
