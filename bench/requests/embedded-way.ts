/** Requests over HTTP, replies to a webhook: a server of one machine with its defaults, SQLite and local files. */
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import {
  applicationName,
  arrivedReply,
  type ReplyBox,
  type RequestClient,
  requestText,
  type RequestWay,
} from './request-way.ts'

/** @param results  folder of the store */
export async function openEmbeddedWay(box: ReplyBox, results: string): Promise<RequestWay> {
  const receiver = createServer({ keepAliveTimeout: 60_000 }, (incoming, answer) => {
    void json(incoming).then((event) => {
      answer.writeHead(204).end()
      box.arrived(arrivedReply((event as { readonly data: unknown }).data))
    })
  })
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  return {
    name: 'requests-embedded',
    application: {
      stores: { results: { connector: 'files', config: { folder: results, createFolder: true } } },
      replies: { main: { webhook: { url: `http://127.0.0.1:${port}/replies` } } },
    },
    platform: {},
    environment: {},
    open: ({ url, token }) => Promise.resolve(httpClient(url, token)),
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections()
      await new Promise((resolve) => receiver.close(resolve))
    },
  }
}

function httpClient(url: string, token: string): RequestClient {
  const agent = new Agent({ keepAlive: true })
  const runs = `${url}/api/v1/applications/${applicationName}/runs`
  return {
    send: (requestId) =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        request(runs, { method: 'POST', agent, headers }, (answer) => {
          answer.resume()
          if (answer.statusCode === 202) answer.once('end', resolve)
          else reject(new Error(`The server answered ${answer.statusCode}`))
        })
          .once('error', reject)
          .end(requestText(requestId))
      }),
    [Symbol.asyncDispose]() {
      agent.destroy()
      return Promise.resolve()
    },
  }
}
