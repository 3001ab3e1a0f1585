/** A server as its operators start it, from the sources of this checkout, and what is asked of it. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { RunList, RunView } from '@bulkhead/contract'
import { keepLog, type ServerLog } from './server-log.ts'

const checkout = resolve(import.meta.dirname, '../..')

export interface Served extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** What it writes: its last lines. */
  readonly log: ServerLog
  /** Undefined while it lives. */
  readonly exit: () => string | undefined
  /** The bearer token of a caller. */
  readonly tokenOf: (caller: Caller) => string
  readonly call: (path: string, options?: CallOptions) => Promise<Response>
  readonly runs: (application: string, caller?: Caller) => Promise<readonly RunView[]>
}

/** Two callers: what one is refused for its rate, the other is not. */
export type Caller = 'others' | 'culprit'

interface CallOptions {
  readonly caller?: Caller
  readonly method?: string
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface ServedOptions {
  readonly applications: string
  readonly platform: string
  /** Where it keeps what it keeps. */
  readonly folder: string
  /** Connectors that did not come with the platform. */
  readonly connectors: string
  readonly environment?: Readonly<Record<string, string>>
  /** A module that its processes load first. */
  readonly agent?: URL | undefined
}

const startMs = 120_000

/** Resolves when it is ready. */
export async function startServed(options: ServedOptions): Promise<Served> {
  const agent = options.agent === undefined ? [] : [`--import=${options.agent.href}`]
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bulkhead/source',
      ...agent,
      join(checkout, 'apps/cli/src/main.ts'),
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
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_CONNECTORS: options.connectors,
        NODE_COMPILE_CACHE: join(options.folder, 'compiled'),
        XDG_STATE_HOME: options.folder,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  // whoever ends the suite by a signal ends its server too
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const log = keepLog(child.stderr)
  let exit: string | undefined
  const exited = new Promise<void>((done) => {
    child.once('close', (code, signal) => {
      exit = signal ?? `code ${code}`
      done()
    })
  })
  const told = Promise.withResolvers<Record<string, unknown>>()
  log.onLine((line) => {
    if (line.includes('"message":"Ready"')) told.resolve(JSON.parse(line) as Record<string, unknown>)
  })
  const late = setTimeout(() => told.reject(new Error('The server was not ready in time')), startMs)
  const dead = exited.then(() => {
    throw new Error(`The server ended with ${exit}: ${log.last(5).join('\n')}`)
  })
  let url: string
  try {
    url = String((await Promise.race([told.promise, dead]))['url'])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(late)
    dead.catch(() => undefined)
  }
  const tokens = new Map<Caller, string>()

  async function call(path: string, { caller = 'others', method = 'GET', body, signal }: CallOptions = {}) {
    return await fetch(new URL(path, url), {
      method,
      headers: {
        Authorization: `Bearer ${tokens.get(caller) ?? ''}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
  }

  tokens.set('others', (await readFile(join(options.folder, 'bulkhead/admin-token'), 'utf8')).trim())
  const body = { name: 'culprit', scopes: ['admin'] }
  const made = (await (await call('/api/v1/tokens', { method: 'POST', body })).json()) as { token: string }
  tokens.set('culprit', made.token)

  return {
    url,
    pid: child.pid ?? 0,
    log,
    exit: () => exit,
    tokenOf: (caller) => tokens.get(caller) ?? '',
    call,
    async runs(application, caller = 'culprit') {
      // those that run on may be older than the latest that there are
      const pages = await Promise.all(
        ['', '&state=running'].map(async (state) => {
          const path = `/api/v1/applications/${application}/runs?limit=500${state}`
          const response = await call(path, { caller })
          if (response.status === 429) return []
          if (!response.ok)
            throw new Error(`Runs are not listed: ${response.status} ${await response.text()}`)
          return ((await response.json()) as RunList).items
        }),
      )
      return [...new Map(pages.flat().map((run) => [run.runId, run])).values()]
    },
    async [Symbol.asyncDispose]() {
      if (exit === undefined) child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
      await exited
      clearTimeout(timer)
      process.off('exit', kill)
    },
  }
}
