/** Requests over HTTP, replies to a webhook: a server of one machine with its defaults, SQLite and local files. */
import { createLeanClient, openLeanReceiver } from './lean-http.ts'
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
  const receiver = await openLeanReceiver((body) => {
    box.arrived(arrivedReply((JSON.parse(body.toString()) as { readonly data: unknown }).data))
  })
  return {
    name: 'requests-embedded',
    application: {
      stores: { results: { connector: 'files', config: { folder: results, createFolder: true } } },
      replies: { main: { webhook: { url: `http://127.0.0.1:${receiver.port}/replies` } } },
    },
    platform: {},
    environment: {},
    open: ({ url, token }) => Promise.resolve(httpClient(url, token)),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  }
}

function httpClient(url: string, token: string): RequestClient {
  const client = createLeanClient(url)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return {
    async send(requestId) {
      const path = `/api/v1/applications/${applicationName}/runs`
      const status = await client.post(path, headers, requestText(requestId))
      if (status !== 202) throw new Error(`The server answered ${status}`)
    },
    [Symbol.asyncDispose]() {
      client[Symbol.dispose]()
      return Promise.resolve()
    },
  }
}
