/**
 * Keeps the servers of one run, as a process of its own: when the run ends, in whatever way, a
 * `kill -9` included, the pipe on standard input closes, and the servers and their data go.
 *
 * Its arguments are the names of the servers. It says on standard output, as one line of JSON (`Report`), what
 * it started. What the environment already points at is left alone.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MissingTool } from './missing-tool.ts'
import { isServerName, servers, type ServerName } from './servers.ts'

/** What the supervisor says when all servers answer. */
export interface Report {
  /** To be added to the environment of what uses the servers. */
  readonly environment: Readonly<Record<string, string>>
  /** Servers that cannot be had on this machine, each with the reason. */
  readonly missing: Readonly<Record<string, string>>
  /** Servers that should have started and did not, each with the error and the end of what it printed. */
  readonly failed: Readonly<Record<string, string>>
  /** What was chosen where there is a choice, for people. */
  readonly versions: readonly string[]
  readonly pids: readonly number[]
  /** Where the data are, until the end. */
  readonly folder: string
}

const over = new AbortController()
const end = (): void => over.abort(new Error('The run that the servers are for has ended'))
process.stdin.on('end', end).on('error', end).resume()
process.stdout.on('error', end)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-services-'))
await chmod(folder, 0o711) // PostgreSQL may run as another user
try {
  await using running = new AsyncDisposableStack()
  const report = await start(process.argv.slice(2).filter(isServerName), running)
  process.stdout.write(`${JSON.stringify(report)}\n`)
  if (!over.signal.aborted) await new Promise((resolve) => over.signal.addEventListener('abort', resolve))
} catch (error) {
  if (!over.signal.aborted) {
    console.error(error)
    process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
process.exit() // a standard input that is still open would keep the process

async function start(names: readonly ServerName[], running: AsyncDisposableStack): Promise<Report> {
  const environment: Record<string, string> = {}
  const missing: Record<string, string> = {}
  const failed: Record<string, string> = {}
  const versions: string[] = []
  const pids: number[] = []
  const tools: string[] = []

  const launch = async (name: ServerName): Promise<void> => {
    const { variable, load } = servers[name]
    if (process.env[variable]) return
    const own = join(folder, name)
    await mkdir(own)
    try {
      const server = running.use(await (await load())(own, over.signal))
      environment[variable] = server.value
      pids.push(server.pid)
      if (server.version !== undefined) versions.push(server.version)
      if (server.tools !== undefined) tools.push(server.tools)
    } catch (error) {
      if (error instanceof MissingTool) missing[name] = error.message
      else failed[name] = String(error)
    }
  }

  await Promise.all(names.map(launch))
  over.signal.throwIfAborted()
  if (tools.length > 0) environment['PATH'] = [process.env['PATH'], ...tools].filter(Boolean).join(':')
  return { environment, missing, failed, versions, pids, folder }
}
