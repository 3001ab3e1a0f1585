import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

/**
 * A proxy that demands a login, before a real server that has none: the server of the tests runs without
 * the security plugin. What it answers to a wrong login is what that plugin answers.
 */
export interface LoginProxy extends AsyncDisposable {
  readonly url: string
  /** Values of `authorization` that it was sent. */
  readonly seen: readonly (string | undefined)[]
}

export async function startLoginProxy(target: string, authorization: string): Promise<LoginProxy> {
  const { hostname, port } = new URL(target)
  const seen: (string | undefined)[] = []
  const server = createServer((incoming, outgoing) => {
    const given = incoming.headers.authorization
    seen.push(given)
    if (given !== authorization) {
      incoming.resume()
      outgoing.writeHead(401, {
        'content-type': 'text/plain',
        'www-authenticate': 'Basic realm="OpenSearch"',
      })
      outgoing.end('Unauthorized')
      return
    }
    const { method, url, headers } = incoming
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
