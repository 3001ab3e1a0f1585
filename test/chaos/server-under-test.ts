/** A server as its operators start it, which is started again whenever it dies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { moments } from '@bulkhead/engine/observe/moments'

const checkout = resolve(import.meta.dirname, '../..')

export interface ServerUnderTest extends AsyncDisposable {
  readonly name: string
  readonly pid: () => number | undefined
  /** Sends a signal to the process that runs now; it is started again if it dies of it. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** How often it was started. */
  readonly starts: () => number
}

export interface ServerOptions {
  readonly name: string
  readonly applications: string
  readonly platform: string
  /** Where this server keeps what it keeps, its log among it. */
  readonly folder: string
  /** Where orders for the kill agent lie. */
  readonly orders: string
  readonly environment: Readonly<Record<string, string>>
}

export function startServerUnderTest(options: ServerOptions): ServerUnderTest {
  const agent = pathToFileURL(join(import.meta.dirname, 'kill-agent.ts'))
  agent.searchParams.set('orders', options.orders)
  agent.searchParams.set('moments', moments.join(','))
  const log = createWriteStream(join(options.folder, 'server.log'), { flags: 'a' })
  let starts = 0
  let ending = false
  let child = start()

  function start(): ChildProcess {
    starts += 1
    const started = spawn(
      process.execPath,
      [
        '--conditions=@bulkhead/source',
        `--import=${agent.href}`,
        join(checkout, 'apps/cli/src/main.ts'),
        'up',
        '--apps',
        options.applications,
        '--platform',
        options.platform,
      ],
      {
        env: { ...process.env, ...options.environment, XDG_STATE_HOME: options.folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    for (const stream of [started.stdout, started.stderr]) stream?.pipe(log, { end: false })
    started.once('exit', (code, signal) => {
      log.write(`-- ended with ${signal ?? code}\n`)
      if (!ending) setTimeout(() => (child = ending ? child : start()), 200)
    })
    return started
  }

  return {
    name: options.name,
    pid: () => child.pid,
    signal: (signal) => void child.kill(signal),
    starts: () => starts,
    async [Symbol.asyncDispose]() {
      ending = true
      await ended(child, log)
    },
  }
}

async function ended(child: ChildProcess, log: WriteStream): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = new Promise((resolveExit) => child.once('exit', resolveExit))
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await exit
    clearTimeout(timer)
  }
  log.end()
}
