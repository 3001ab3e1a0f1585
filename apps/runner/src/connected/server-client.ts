import { Agent, request } from 'node:http'
import {
  type ClaimCall,
  type FinishRun,
  type FinishTask,
  type Heartbeat,
  type HeartbeatAnswer,
  heartbeatAnswerSchema,
  runnerProtocol,
  type RunWork,
  type Work,
  workSchema,
} from '@bulkhead/contract'
import { beyondPolicy } from '../network-guard.ts'

/** The server of a runner process, as it is spoken to: JSON over HTTP on a Unix socket. */
export interface ServerClient extends Disposable {
  /** When the server last answered anything, milliseconds of the monotonic clock. */
  readonly heardAtMs: number
  /** Waits for work. @returns undefined when there was none for a while */
  claim(signal: AbortSignal): Promise<Work | undefined>
  /** @returns as it came; whoever unpacks it holds it against its digest */
  bundle(digest: string): Promise<unknown>
  /** @param withinMs  a server that is silent for longer is no server any more */
  heartbeat(heartbeat: Heartbeat, withinMs: number): Promise<HeartbeatAnswer>
  /** `lease-lost`: the run is another's now, and nothing of it was taken (I2). */
  finishRun(run: Pick<RunWork, 'runId' | 'token'>, finish: FinishRun): Promise<'finished' | 'lease-lost'>
  finishTask(taskId: string, finish: FinishTask): Promise<void>
}

/** A call that came to nothing. */
export class ServerCallFailed extends Error {
  /** Undefined when the server could not be reached. */
  readonly status: number | undefined

  constructor(message: string, status: number | undefined, cause?: unknown) {
    super(message, { cause })
    this.name = 'ServerCallFailed'
    this.status = status
  }
}

/** A bundle has at most 32 MiB, in base64. */
const mostAnswerBytes = 48 * 1024 * 1024
const patienceMs = 10_000
/** The server answers a claim within this time, with work or without. */
const claimPatienceMs = 40_000

/** @param version  of this build, which the server holds against the one that it has started */
export function createServerClient(socketPath: string, token: string, version: string): ServerClient {
  const said: ClaimCall = { version, protocol: runnerProtocol }
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let heardAtMs = performance.now()

  /** The platform's own connection: no policy of the application holds for it. */
  function call(
    method: 'GET' | 'POST',
    path: string,
    options: { readonly body?: unknown; readonly token?: string; readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const payload = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body))
    const signal = options.signal ?? AbortSignal.timeout(patienceMs)
    return beyondPolicy(
      () =>
        new Promise((resolve, reject) => {
          const fail = (cause: unknown): void =>
            reject(new ServerCallFailed(`The server did not answer ${path}`, undefined, cause))
          const sent = request(
            {
              socketPath,
              agent,
              method,
              path,
              signal,
              headers: {
                authorization: `Bearer ${options.token ?? token}`,
                ...(payload !== undefined && {
                  'content-type': 'application/json',
                  'content-length': payload.length,
                }),
              },
            },
            (response) => {
              const chunks: Buffer[] = []
              let bytes = 0
              response.on('data', (chunk: Buffer) => {
                bytes += chunk.length
                if (bytes > mostAnswerBytes) response.destroy(new Error('The answer is too large'))
                else chunks.push(chunk)
              })
              response.on('error', fail)
              response.on('end', () => {
                heardAtMs = performance.now()
                const text = Buffer.concat(chunks).toString()
                try {
                  const body: unknown = text === '' ? undefined : JSON.parse(text)
                  resolve({ status: response.statusCode ?? 0, body })
                } catch (error) {
                  fail(error)
                }
              })
            },
          )
          sent.on('error', fail)
          sent.end(payload)
        }),
    )
  }

  async function expect(
    called: Promise<{ readonly status: number; readonly body: unknown }>,
    ...statuses: readonly number[]
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const answer = await called
    if (!statuses.includes(answer.status))
      throw new ServerCallFailed(`The server answered ${answer.status}`, answer.status)
    return answer
  }

  return {
    get heardAtMs() {
      return heardAtMs
    },
    async claim(stop) {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(claimPatienceMs)])
      const { status, body } = await expect(call('POST', '/v1/claim', { body: said, signal }), 200, 204)
      return status === 204 ? undefined : workSchema.parse(body)
    },
    async bundle(digest) {
      return (await expect(call('GET', `/v1/bundles/${digest}`), 200)).body
    },
    async heartbeat(body, withinMs) {
      const signal = AbortSignal.timeout(Math.max(0, Math.ceil(Math.min(patienceMs, withinMs))))
      const answer = await expect(call('POST', '/v1/heartbeat', { body, signal }), 200)
      return heartbeatAnswerSchema.parse(answer.body)
    },
    async finishRun({ runId, token: runToken }, body) {
      const path = `/v1/runs/${encodeURIComponent(runId)}/finish`
      const { status } = await expect(call('POST', path, { body, token: runToken }), 200, 409)
      return status === 409 ? 'lease-lost' : 'finished'
    },
    async finishTask(taskId, body) {
      await expect(call('POST', `/v1/tasks/${encodeURIComponent(taskId)}/finish`, { body }), 200)
    },
    [Symbol.dispose]() {
      agent.destroy()
    },
  }
}
