/** An HTTP API that does its callers harm: refuses them, or begins an answer that never ends. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Systems } from './culprit.ts'

export interface SickApi extends Systems, AsyncDisposable {}

export async function startSickApi(): Promise<SickApi> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/refusing/') === true) response.writeHead(401).end()
    else response.writeHead(200, { 'Content-Type': 'application/json' }).write('[')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    refusing: `${url}/refusing/`,
    silent: `${url}/silent/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
