/** A server as its operators start it, which is started again whenever it dies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { moments } from '@bulkhead/engine/observe/moments'
import type { Random } from './random.ts'

const checkout = resolve(import.meta.dirname, '../..')
/** What `npm run build` makes of the command. */
export const builtCommand = join(checkout, 'apps/cli/dist/main.js')

export interface ServerUnderTest extends AsyncDisposable {
  readonly name: string
  /** Kills the process that runs now. @returns whether there was one */
  readonly kill: () => boolean
  /** Kills one of its runners. @returns whether there was one */
  readonly killRunner: (random: Random) => boolean
  /** Base of the API of the process that runs now, when it is ready. */
  readonly url: () => Promise<string>
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
  /** What `npm run build` made, and not the sources. */
  readonly built: boolean
  /** What starts of servers and runners need not compile again. */
  readonly compileCache: string
}

export function startServerUnderTest(options: ServerOptions): ServerUnderTest {
  const agent = pathToFileURL(join(import.meta.dirname, 'kill-agent.ts'))
  agent.searchParams.set('orders', options.orders)
  agent.searchParams.set('moments', moments.join(','))
  const log = createWriteStream(join(options.folder, 'server.log'), { flags: 'a' })
  log.on('error', () => undefined) // the last words of a killed process may come behind its end
  // whoever ends the run of chaos by a signal ends its servers too
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let starts = 0
  let ending = false
  let ready = Promise.withResolvers<string>()
  let child = start()

  function start(): ChildProcess {
    starts += 1
    const started = spawn(
      process.execPath,
      [
        `--import=${agent.href}`,
        ...(options.built
          ? [builtCommand]
          : ['--conditions=@bulkhead/source', join(checkout, 'apps/cli/src/main.ts')]),
        'up',
        '--apps',
        options.applications,
        '--platform',
        options.platform,
      ],
      {
        env: {
          ...process.env,
          ...options.environment,
          XDG_STATE_HOME: options.folder,
          NODE_COMPILE_CACHE: options.compileCache,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    const now = Promise.withResolvers<string>()
    ready.resolve(now.promise) // whoever waits for the last one waits for this one
    ready = now
    if (started.stderr !== null)
      createInterface({ input: started.stderr }).on('line', (line) => {
        log.write(`${line}\n`)
        const [, url] = /"message":"Ready","url":"([^"]+)"/.exec(line) ?? []
        if (url !== undefined) now.resolve(url)
      })
    started.once('exit', (code, signal) => {
      log.write(`-- ended with ${signal ?? code}\n`)
      if (!ending) setTimeout(() => (child = ending ? child : start()), 200)
    })
    return started
  }

  return {
    name: options.name,
    kill: () => isRunning(child) && child.kill('SIGKILL'),
    killRunner(random) {
      const runners = isRunning(child) ? childrenOf(child.pid ?? 0) : []
      if (runners.length === 0) return false
      try {
        return process.kill(random.pick(runners), 'SIGKILL')
      } catch {
        return false // it ended meanwhile
      }
    },
    url: () => ready.promise,
    starts: () => starts,
    async [Symbol.asyncDispose]() {
      ending = true
      await ended(child, log)
      process.off('exit', kill)
    },
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

/** None where the system does not tell. */
function childrenOf(pid: number): readonly number[] {
  try {
    return (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number)
  } catch {
    return []
  }
}

async function ended(child: ChildProcess, log: WriteStream): Promise<void> {
  if (isRunning(child)) {
    // with all that it wrote
    const exit = new Promise((resolveExit) => child.once('close', resolveExit))
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await exit
    clearTimeout(timer)
  }
  log.end()
}
