/**
 * Keeps the servers of one run, as a process of its own: when the run ends, in whatever way, a
 * `kill -9` included, the pipe on standard input closes, and the servers and their data go.
 *
 * Says on standard output, as one line of JSON (`Report`), what it started. What the environment already
 * points at is left alone.
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MissingTool } from './missing-tool.ts'
import { startPostgres } from './postgres.ts'
import { startS3 } from './s3.ts'

/** What the supervisor says when all servers answer. */
export interface Report {
  /** To be added to the environment of what uses the servers. */
  readonly environment: Readonly<Record<string, string>>
  /** Servers that cannot be had on this machine, each with the reason. */
  readonly missing: Readonly<Record<string, string>>
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
  await using servers = new AsyncDisposableStack()
  const report = await start(servers)
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

async function start(servers: AsyncDisposableStack): Promise<Report> {
  const environment: Record<string, string> = {}
  const missing: Record<string, string> = {}
  const pids: number[] = []

  const launch = async (
    server: string,
    variable: string,
    open: (own: string) => Promise<string>,
  ): Promise<void> => {
    if (process.env[variable]) return
    const own = join(folder, server)
    await mkdir(own)
    try {
      environment[variable] = await open(own)
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error
      missing[server] = error.message
    }
  }

  const results = await Promise.allSettled([
    launch('postgres', 'BULKHEAD_TEST_POSTGRES', async (own) => {
      const { url, pid, tools } = servers.use(await startPostgres(own, over.signal))
      pids.push(pid)
      // for psql, which some distributions put in PATH and others do not
      environment['PATH'] = `${process.env['PATH'] ?? ''}:${tools}`
      return url
    }),
    launch('s3', 'BULKHEAD_TEST_S3', async (own) => {
      const { pid, endpoint, region, accessKeyId, secretAccessKey } = servers.use(
        await startS3(own, over.signal),
      )
      pids.push(pid)
      return JSON.stringify({ endpoint, region, accessKeyId, secretAccessKey })
    }),
  ])
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return { environment, missing, pids, folder }
}
