import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BulkheadError, type z } from '@bulkhead/connector-sdk'
import { fault, problemSchema } from '@bulkhead/contract'
import type { Terminal } from '../terminal/terminal.ts'

/** Calls the HTTP API of a server. */
export interface ServerClient {
  /** Without a slash at its end. */
  readonly url: string
  /**
   * @param path    below `/api/v1`, its parts encoded
   * @param schema  what the answer has to be; undefined for one without a body
   * @throws BulkheadError what the server answers; `server-unreachable`, `server-answer-invalid`
   */
  call<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: z.ZodType<T>,
    options?: CallOptions,
  ): Promise<T>
  /** The answer as it comes, for streams. */
  open(method: 'GET' | 'POST' | 'DELETE', path: string, options?: CallOptions): Promise<Response>
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the call; default: when the command is told to stop. */
  readonly signal?: AbortSignal
  /** How long the answer may take to begin, milliseconds. */
  readonly patienceMs?: number
}

export interface ServerOptions {
  readonly server?: string
}

const defaultServer = 'http://127.0.0.1:7071'
/** A check or a preview may take long, and everything else is quick. */
const PATIENCE_MS = 180_000

/**
 * The server that a command line, or BULKHEAD_SERVER, names. The token is BULKHEAD_TOKEN; for a server of this very
 * machine also the one that it left in the state folder, which no other server is ever sent.
 *
 * @throws BulkheadError `usage`, `url-credentials-refused`
 */
export async function serverClient(options: ServerOptions, terminal: Terminal): Promise<ServerClient> {
  const base = baseOf(options.server ?? terminal.environment['BULKHEAD_SERVER'] ?? defaultServer)
  const url = base.href.replace(/\/+$/, '')
  const token = (terminal.environment['BULKHEAD_TOKEN'] ?? '') || (await tokenOfThisMachine(base, terminal))

  const open: ServerClient['open'] = async (
    method,
    path,
    { query = {}, body, headers, signal, patienceMs } = {},
  ) => {
    const address = new URL(`${url}/api/v1${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) address.searchParams.set(name, String(value))
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), patienceMs ?? PATIENCE_MS)
    try {
      const response = await fetch(address, {
        method,
        redirect: 'error',
        signal: AbortSignal.any([signal ?? terminal.signal, late.signal]),
        headers: {
          Accept: 'application/json',
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw await problemError(response, url)
      return response
    } catch (error) {
      terminal.signal.throwIfAborted()
      if (error instanceof BulkheadError) throw error
      if (late.signal.aborted)
        throw fault('server-unreachable', `The server at ${url} does not answer in time`)
      throw fault('server-unreachable', `The server at ${url} does not answer${reasonOf(error)}`, {
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    url,
    open,
    async call(method, path, schema, callOptions) {
      const response = await open(method, path, callOptions)
      const text = await response.text()
      const read = schema.safeParse(text === '' ? undefined : jsonOf(text))
      if (!read.success)
        throw fault('server-answer-invalid', `What ${url} answers is not what this version knows`)
      return read.data
    },
  }
}

function baseOf(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw fault('usage', 'The server is not an http or https address', {
      path: 'server',
      fix: `Give one such as ${defaultServer} by --server or BULKHEAD_SERVER`,
    })
  const base = new URL(text)
  if (base.username !== '' || base.password !== '')
    throw fault('url-credentials-refused', 'The address of the server holds credentials', {
      path: 'server',
      fix: 'Put the token into BULKHEAD_TOKEN',
    })
  return base
}

async function tokenOfThisMachine(base: URL, { environment }: Terminal): Promise<string | undefined> {
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(base.hostname)) return undefined
  const { stateFolder } = await import('@bulkhead/engine/links/state-folder')
  try {
    return (await readFile(join(stateFolder(environment), 'admin-token'), 'utf8')).trim()
  } catch {
    return undefined
  }
}

/** What the server says is wrong, as the error that it is; the status alone where something else answers. */
async function problemError(response: Response, url: string): Promise<BulkheadError> {
  const problem = problemSchema.safeParse(jsonOf(await response.text()))
  const retryAfterMs = retryAfterOf(response)
  const later = retryAfterMs === undefined ? undefined : `Ask again in ${Math.ceil(retryAfterMs / 1000)} s`
  // what stands before a server says so, too
  if (!problem.success && response.status === 429)
    return fault('too-many-requests', `${url} takes no more for now`, {
      fix: later ?? 'Ask again later',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  if (!problem.success)
    return fault(
      'server-answer-invalid',
      `What ${url} answers is no Bulkhead server: status ${response.status}`,
    )
  const { kind, code, title, path, fix, errors = [], runId } = problem.data
  return new BulkheadError({
    kind,
    code,
    message: runId === undefined ? title : `${title} (run ${runId})`,
    ...(path !== undefined && { path }),
    ...(kind === 'quota' && later !== undefined ? { fix: later } : fix !== undefined && { fix }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    others: errors.map((other) => ({
      kind,
      code: other.code,
      message: other.message,
      ...(other.path !== undefined && { path: other.path }),
      ...(other.fix !== undefined && { fix: other.fix }),
    })),
  })
}

/** In seconds, as servers of Bulkhead say it; a date is left alone. @see RFC 9110, 10.2.3 */
function retryAfterOf({ headers }: Response): number | undefined {
  const text = headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
  return code === undefined ? '' : ` (${code})`
}
