import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fault } from '@bulkhead/contract'
import type { Answer } from '../terminal/answer.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { superviseRun } from '../supervise/supervise-run.ts'

export interface ServeRequestOptions {
  readonly application: string
  readonly environment?: string
  readonly port?: number
  readonly host?: string
  readonly concurrency: number
  readonly drain: number
  readonly platform?: string
  readonly remember: boolean
  readonly jobSink?: string
}

/** Serves until it is told to stop; then what is under way may end for a while, and is cancelled after that. */
export async function serveRequest(
  options: ServeRequestOptions,
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const { environment } = terminal
  const { createRequestServer } = await import('@bulkhead/server/serve-request/create-request-server')
  const cancel = new AbortController()
  await using server = await createRequestServer({
    host: options.host ?? ((environment['K_SERVICE'] ?? '') === '' ? '127.0.0.1' : '0.0.0.0'),
    port: options.port ?? portOf(environment['PORT']),
    concurrency: options.concurrency,
    run: async (request) => {
      const { reply, exitCode } = await superviseRun({
        args: runArguments(options),
        input: Buffer.from(request),
        environment,
        folder: terminal.folder,
        stop: cancel.signal,
        messages: (bytes) => void process.stderr.write(bytes),
      })
      return { reply, delivered: exitCode === 0 }
    },
    handOver: handingOver(options.jobSink),
    onFault: (error) =>
      report.log('warn', `A call failed: ${error instanceof Error ? error.message : 'unknown fault'}`),
  })
  report.log('info', `Serving ${options.application} at ${server.url}`)
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort')
  report.log('info', 'Stopping: runs under way may end')
  const drained = server.drain()
  await Promise.race([drained, sleep(options.drain * 1000, undefined, { ref: false })])
  cancel.abort()
  await drained
  // it was told to end, and did
  terminal.standByExitCode?.()
  return { value: undefined, text: () => '' }
}

/** The same run as from a command line, in a process of its own. */
function runArguments({ application, environment, platform, remember }: ServeRequestOptions): string[] {
  return [
    'run',
    '--application',
    application,
    '--request',
    '-',
    '--exit',
    'answered',
    '--log-format',
    'json',
    '--quiet',
    remember ? '--remember' : '--no-remember',
    ...(environment === undefined ? [] : ['--environment', environment]),
    ...(platform === undefined ? [] : ['--platform', platform]),
  ]
}

function handingOver(sink: string | undefined): ((event: string) => Promise<void>) | undefined {
  if (sink === undefined) return undefined
  const url = URL.canParse(sink) ? new URL(sink) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw fault('usage', 'The address of the JobSink is no URL', { path: '--job-sink' })
  return async (event) => (await import('@bulkhead/server/serve-request/hand-over')).handOver(url, event)
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 8080)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw fault('usage', 'The variable PORT is no port', {
    path: 'PORT',
    fix: 'Set it to a number, or give --port',
  })
}
