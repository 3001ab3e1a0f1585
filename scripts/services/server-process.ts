/** A server as a child process: started, waited for, and stopped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
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
 * @throws Error with the end of the server's output, when it ends early or does not answer in time
 */
export async function startServer(server: ServerCommand, signal: AbortSignal): Promise<ServerProcess> {
  signal.throwIfAborted()
  const child = spawn(server.command, server.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...server.environment },
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
  const stop = (): Promise<void> => stopChild(child, server.stopSignal)
  try {
    const problem = await Promise.race([answered(server.probe, signal), ended])
    if (problem !== undefined) throw new Error(problem)
    return { pid: child.pid as number, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw new Error(`${server.command} does not start: ${(error as Error).message}\n${output}`, {
      cause: error,
    })
  }
}

async function answered(probe: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + startMs
  for (;;) {
    signal.throwIfAborted()
    try {
      return await probe().then(() => undefined)
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

/**
 * Runs a tool to its end and resolves to what it printed.
 *
 * @throws Error with all that it printed
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { user?: User | undefined; environment?: Record<string, string>; signal: AbortSignal },
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      ...options.user,
      env: { ...process.env, ...options.environment },
      signal: options.signal,
      cwd: '/',
      maxBuffer: 16 * 1024 * 1024,
    })
    return stdout
  } catch (error) {
    const { message, stderr = '', stdout = '' } = error as Error & { stderr?: string; stdout?: string }
    throw new Error([message, stdout, stderr].filter(Boolean).join('\n'), { cause: error })
  }
}
