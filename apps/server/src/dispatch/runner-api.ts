import { chmod } from 'node:fs/promises'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import {
  type Bundle,
  type ClaimCall,
  claimSchema,
  type FinishRun,
  finishRunSchema,
  type FinishTask,
  finishTaskSchema,
  type Heartbeat,
  type HeartbeatAnswer,
  heartbeatSchema,
  type Work,
} from '@bulkhead/contract'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { RunnerProcess } from './runner-process.ts'
import type { TokenBook } from './run-token.ts'

/** Whoever calls: a process, or one of its runs in one epoch. */
export interface TokenHolder {
  readonly process: RunnerProcess
  /** Undefined: the process itself. */
  readonly run: { readonly runId: string; readonly epoch: number } | undefined
}

/** What the calls of runners come to. */
export interface RunnerCalls {
  claim(process: RunnerProcess, said: ClaimCall, gone: AbortSignal): Promise<Work | undefined>
  /** The caller had gone when its work was there. */
  notTaken(process: RunnerProcess, work: Work): void
  bundle(process: RunnerProcess, digest: string): Bundle | undefined
  heartbeat(process: RunnerProcess, heartbeat: Heartbeat): HeartbeatAnswer
  finishRun(process: RunnerProcess, runId: string, finish: FinishRun): Promise<'finished' | 'lease-lost'>
  finishTask(process: RunnerProcess, taskId: string, finish: FinishTask): void
}

const mib = 2 ** 20
/** Made once: to make an error takes longer than to answer. */
const callerGone = new Error('The runner has its answer, or is gone')
/** A result may have thousands of files, each named in reply and delivery. */
const finishBytes = 32 * mib
/** 64 runs with 64 KiB of log lines each. */
const heartbeatBytes = 8 * mib

/**
 * Serves runners of this machine on a Unix socket that its own user alone may open.
 * @param path  short: the system takes about a hundred bytes
 */
export async function openRunnerApi(options: {
  readonly path: string
  readonly tokens: TokenBook<TokenHolder>
  readonly calls: RunnerCalls
  readonly log: Log
}): Promise<AsyncDisposable> {
  const { path, tokens, calls, log } = options
  const app = fastify({ bodyLimit: mib, forceCloseConnections: true, keepAliveTimeout: 120_000 })

  /** Answers 401 itself when nobody is known by the token. */
  function caller(request: FastifyRequest, reply: FastifyReply): TokenHolder | undefined {
    const holder = tokens.holderOf(request.headers.authorization)
    if (holder === undefined) void reply.code(401).send()
    return holder
  }

  /** As `caller`, for calls that a process makes by its own token. */
  function processOf(request: FastifyRequest, reply: FastifyReply): RunnerProcess | undefined {
    const holder = caller(request, reply)
    if (holder === undefined || holder.run === undefined) return holder?.process
    void reply.code(401).send()
    return undefined
  }

  app.post('/v1/claim', async (request, reply) => {
    const process = processOf(request, reply)
    if (process === undefined) return reply
    const said = claimSchema.parse(request.body)
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort(callerGone))
    const work = await calls.claim(process, said, gone.signal)
    if (work === undefined) return reply.code(204).send()
    if (gone.signal.aborted) {
      calls.notTaken(process, work)
      return reply
    }
    return reply.send(work)
  })

  app.get<{ readonly Params: { readonly digest: string } }>('/v1/bundles/:digest', async (request, reply) => {
    const process = processOf(request, reply)
    if (process === undefined) return reply
    const bundle = calls.bundle(process, request.params.digest)
    return bundle === undefined ? reply.code(404).send() : reply.send(bundle)
  })

  app.post('/v1/heartbeat', { bodyLimit: heartbeatBytes }, async (request, reply) => {
    const process = processOf(request, reply)
    if (process === undefined) return reply
    return reply.send(calls.heartbeat(process, heartbeatSchema.parse(request.body)))
  })

  app.post<{ readonly Params: { readonly id: string } }>(
    '/v1/runs/:id/finish',
    { bodyLimit: finishBytes },
    async (request, reply) => {
      const holder = caller(request, reply)
      if (holder === undefined) return reply
      const { process, run } = holder
      const finish = finishRunSchema.parse(request.body)
      // the token says whose outcome this is, and nothing that is said beside it (I2)
      if (run === undefined || run.runId !== request.params.id || run.epoch !== finish.epoch)
        return reply.code(401).send()
      const taken = await calls.finishRun(process, run.runId, finish)
      return reply.code(taken === 'finished' ? 200 : 409).send()
    },
  )

  app.post<{ readonly Params: { readonly id: string } }>(
    '/v1/tasks/:id/finish',
    { bodyLimit: finishBytes },
    async (request, reply) => {
      const process = processOf(request, reply)
      if (process === undefined) return reply
      calls.finishTask(process, request.params.id, finishTaskSchema.parse(request.body))
      return reply.send({})
    },
  )

  app.setErrorHandler((error, _request, reply) => {
    if (isBulkheadError(error) && error.retryable) return reply.code(503).send()
    const { statusCode, name } = error as { readonly statusCode?: number; readonly name?: string }
    if (name === 'ZodError' || (statusCode !== undefined && statusCode < 500)) {
      log.warn('A runner said what cannot be understood', { error: String(error).slice(0, 500) })
      return reply.code(400).send()
    }
    log.warn('A call of a runner failed', { error })
    return reply.code(503).send()
  })

  await app.listen({ path })
  await chmod(path, 0o600)
  return { [Symbol.asyncDispose]: () => app.close() }
}
