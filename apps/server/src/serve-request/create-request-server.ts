import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fault, type HealthReport } from '@bulkhead/contract'
import type { FastifyReply } from 'fastify'
import { eventsOf } from '../api/cloud-event.ts'
import { createHttpServer, safeHeaders } from '../api/http-server.ts'

/** How a request ended that was run while its caller waited. */
export interface HeldEnd {
  /** The reply event, JSON; undefined: nobody could give one. */
  readonly reply: string | undefined
  /** Whether it is everywhere where the application wants it. */
  readonly delivered: boolean
}

export interface RequestServerOptions {
  readonly host: string
  readonly port: number
  /** Runs that are under way at once; who comes on top is to try again (I8). */
  readonly concurrency: number
  /** Runs the request and delivers its reply. */
  readonly run: (request: string) => Promise<HeldEnd>
  /** Gives the event to a JobSink; resolves when that has it. Undefined: nobody takes runs over. */
  readonly handOver: ((event: string) => Promise<void>) | undefined
  readonly onFault: (error: unknown) => void
}

export interface RequestServer extends AsyncDisposable {
  readonly url: string
  /** Takes no more, and resolves when what is under way has been answered. */
  drain(): Promise<void>
}

const requestBytes = '1MiB'
/** An event comes at once; its answer takes as long as the run. */
const timeouts = { headersMs: 10_000, requestMs: 30_000, idleMs: 0 }

/**
 * One CloudEvent in, and the call is held until its reply has been delivered: then whoever scales this to zero, or
 * sends the event again, knows that it is done. Made for Knative Serving behind a KafkaSource.
 */
export async function createRequestServer(options: RequestServerOptions): Promise<RequestServer> {
  const { host, port, concurrency, run, handOver, onFault } = options
  const http = createHttpServer({ http: { requestBytes, trustProxy: false }, timeouts }, onFault)
  const underWay = new Set<Promise<unknown>>()
  let draining = false

  async function hold(text: string, reply: FastifyReply): Promise<FastifyReply> {
    if (draining || underWay.size >= concurrency)
      throw fault('queue-full', draining ? 'The server ends' : `${concurrency} runs are under way`)
    const running = run(text)
    underWay.add(running)
    try {
      const end = await running
      if (end.reply === undefined) throw new Error('The run died, and nobody could answer for it')
      // whoever sends it again gets the same answer delivered, not another run
      if (!end.delivered) throw fault('reply-failed', 'The reply could not be delivered everywhere')
      return await reply.code(200).headers(safeHeaders).type('application/json').send(summaryOf(end.reply))
    } finally {
      underWay.delete(running)
    }
  }

  http.post('/', async ({ headers, body }, reply) => {
    const events = eventsOf(headers, body instanceof Uint8Array ? body : new Uint8Array())
    if (events.mode === 'batch')
      throw fault('call-invalid', 'A batch cannot be held', { fix: 'Send one event a call' })
    if (!prefersLater(headers)) return hold(events.text, reply)
    if (handOver === undefined)
      throw fault(
        'call-invalid',
        'This server holds a call until its reply is delivered, and answers no earlier',
        {
          path: 'Prefer',
          fix: 'Leave out `Prefer: respond-async`, or start the server with --job-sink',
        },
      )
    await handOver(events.text)
    return reply.code(202).headers(safeHeaders).send()
  })
  for (const path of ['/health/live', '/health/ready', '/health/startup'])
    http.get(path, (_request, reply) => {
      const isWell = path !== '/health/ready' || !draining
      const report: HealthReport = { status: isWell ? 'pass' : 'fail', checks: [] }
      return reply
        .code(isWell ? 200 : 503)
        .headers(safeHeaders)
        .send(report)
    })
  await http.listen({ host, port }).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown fault'
    throw fault('address-unusable', `The server cannot listen on port ${port} (${code})`, { cause })
  })
  const { port: listening } = http.server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}`,
    async drain() {
      draining = true
      await Promise.allSettled(underWay)
    },
    async [Symbol.asyncDispose]() {
      await http.close()
    },
  }
}

/** @see RFC 7240, 4.1 */
function prefersLater({ prefer }: IncomingHttpHeaders): boolean {
  return (Array.isArray(prefer) ? prefer.join() : (prefer ?? ''))
    .split(',')
    .some((each) => each.trim().toLowerCase() === 'respond-async')
}

/** No CloudEvent, which a broker would take for a new event, and no links, which are for who gets the reply. */
function summaryOf(reply: string): string {
  const { id, data } = JSON.parse(reply) as {
    id: string
    data: { requestId: string; runId: string; status: string }
  }
  return JSON.stringify({ event: id, requestId: data.requestId, runId: data.runId, status: data.status })
}
