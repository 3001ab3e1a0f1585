/** An HTTP proxy before a real S3 server: keeps what was sent, and misbehaves on demand. Loopback only. */
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

interface RecordedRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly bytes: number
}

/** What happens to a request. */
type Fault =
  /** The server does it, and its answer gets lost. */
  | { readonly kind: 'lose-answer' }
  /** The server never hears of it. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Record<string, string>
    }
  /** The answer breaks off after so many bytes of its body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** The answer stops after so many bytes of its body, and the connection stays open. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number }
  /** Nothing is answered until the client gives up. */
  | { readonly kind: 'silence' }
  /** Bytes of the answer's body are changed. */
  | { readonly kind: 'damage-answer' }

export interface RecordingProxy {
  readonly endpoint: string
  readonly requests: readonly RecordedRequest[]
  /** Looks at each request before it is passed on. */
  fault: (request: RecordedRequest) => Fault | undefined
}

export async function startRecordingProxy(
  scope: { after(action: () => void | Promise<void>): void },
  endpoint: string,
): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = []
  const upstream = new URL(endpoint)
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  const proxy: RecordingProxy & { endpoint: string } = { endpoint: '', requests, fault: () => undefined }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const { method = '', url = '', headers } = incoming
    const record: RecordedRequest = { method, url, headers, bytes: body.length }
    requests.push(record)
    const fault = proxy.fault(record)
    if (fault?.kind === 'silence') return
    if (fault?.kind === 'answer') {
      outgoing.writeHead(fault.status, fault.headers).end(fault.body)
      return
    }
    const forward = request({ host: upstream.hostname, port: upstream.port, method, path: url, headers })
    forward.on('error', () => outgoing.destroy())
    forward.end(body)
    const [answer] = (await once(forward, 'response')) as [IncomingMessage]
    const content = await buffer(answer)
    switch (fault?.kind) {
      case 'lose-answer':
        outgoing.destroy()
        return
      case 'cut-answer':
      case 'stall-answer':
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        outgoing.write(content.subarray(0, fault.afterBytes), () => {
          // what was written has to be on its way first
          if (fault.kind === 'cut-answer') setTimeout(() => outgoing.destroy(), 20)
        })
        return
      case 'damage-answer':
        content[0] = (content[0] ?? 0) ^ 1
        break
      case undefined:
        break
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(content)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  scope.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return proxy
}
