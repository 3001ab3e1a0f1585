/** A webhook that answers come to. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ReplyData, ReplyEvent } from '@bulkhead/contract'

export interface Hook extends AsyncDisposable {
  readonly url: string
  /** By `application/request`. */
  readonly answers: ReadonlyMap<string, ReplyData>
}

export async function startHook(): Promise<Hook> {
  const answers = new Map<string, ReplyData>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { data } = JSON.parse(body) as ReplyEvent
      answers.set(`${data.application}/${data.requestId}`, data)
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
