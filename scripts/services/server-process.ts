/** A server as a child process: started, waited for, and stopped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { addressesBeyondLoopback } from './listening.ts'

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
}

/** A server that a test may stop and start again, with the same data and at the same address. */
export interface RestartableServer extends ServerProcess {
  /** @param by  how its administrator would: that may not be what ends it fastest */
  stop(by: NodeJS.Signals): Promise<void>
  /** Resolves when it answers again. */
  start(signal: AbortSignal): Promise<void>
}

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Whom it runs as, when this process may choose. */
  readonly user?: User | undefined
  /** What ends it at once and cleanly. */
  readonly stopSignal: NodeJS.Signals
  /** Resolves when it answers, throws while it does not yet. */
  readonly probe: () => Promise<void>
  /** How long it may take to answer; 30 s when not given. */
  readonly startMs?: number
  /** Where it runs; it may write files there. */
  readonly cwd?: string
}

export interface User {
  readonly uid: number
  readonly gid: number
}

const startMs = 30_000 // a cold cache of pages, and two cores shared with others
const stopMs = 5_000
const keptOutput = 16 * 1024

/**
 * Starts a server and resolves when it answers. It ends when the result is disposed of, or the signal aborts.
 *
 * @throws Error with the end of the server's output, when it ends early, does not answer in time, or can be reached
 *   from elsewhere
 */
export async function startServer(server: ServerCommand, signal: AbortSignal): Promise<RestartableServer> {
  let child = await startChild(server, signal)
  return {
    pid: child.pid as number,
    stop: (by) => stopChild(child, by),
    async start(again) {
      child = await startChild(server, again)
    },
    [Symbol.asyncDispose]: () => stopChild(child, server.stopSignal),
  }
}

async function startChild(server: ServerCommand, signal: AbortSignal): Promise<ChildProcess> {
  signal.throwIfAborted()
  const child = spawn(server.command, server.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...server.environment },
    cwd: server.cwd,
    ...server.user,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-keptOutput)))
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, by) => resolve(`it ended with ${by ?? `code ${code}`}`))
  })
  try {
    const problem = await Promise.race([answered(server, signal), ended])
    if (problem !== undefined) throw new Error(problem)
    const [open] = addressesBeyondLoopback(child.pid as number)
    if (open !== undefined) throw new Error(`it listens on ${open}, where others could reach it`)
    return child
  } catch (error) {
    await stopChild(child, server.stopSignal)
    throw new Error(`${server.command} does not start: ${(error as Error).message}\n${output}`, {
      cause: error,
    })
  }
}

async function answered(server: ServerCommand, signal: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + (server.startMs ?? startMs)
  for (;;) {
    signal.throwIfAborted()
    try {
      return await server.probe().then(() => undefined)
    } catch (error) {
      if (performance.now() > deadline) return `it does not answer: ${(error as Error).message}`
    }
    await sleep(20)
  }
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  const killer = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await exit
  clearTimeout(killer)
}

/** A port of the loopback interface that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export interface ToolOptions {
  readonly user?: User | undefined
  readonly environment?: Readonly<Record<string, string>>
  /** `/` when not given. */
  readonly cwd?: string
  /** For its standard input, which is empty when not given. */
  readonly input?: string
  readonly signal: AbortSignal
}

/**
 * Runs a tool to its end and resolves to what it printed.
 *
 * @throws Error with all that it printed
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<string> {
  try {
    const running = promisify(execFile)(command, args, {
      ...options.user,
      env: { ...process.env, ...options.environment },
      signal: options.signal,
      cwd: options.cwd ?? '/',
      maxBuffer: 16 * 1024 * 1024,
    })
    running.child.stdin?.on('error', () => undefined).end(options.input) // a tool may end before it has read all
    return (await running).stdout
  } catch (error) {
    const { message, stdout = '' } = error as Error & { stdout?: string } // what it said of errors is in the message
    throw new Error([message, stdout].filter(Boolean).join('\n'), { cause: error })
  }
}
