import type { IncomingHttpHeaders } from 'node:http'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { type Endpoint, fault } from '@bulkhead/contract'
import { type Auth, isLoopbackHost } from '../auth/authenticate.ts'
import { callerOfAddress, createRateLimit } from '../auth/rate-limit.ts'
import { allows, type Caller, type Need, scopeFor } from '../auth/scopes.ts'

/** What stands before every endpoint: how often somebody may call, who it is, and what they may. */
export interface Gate {
  /**
   * Before anything of the body is read.
   * @throws BulkheadError `too-many-requests`, `token-missing`, `token-refused`, `page-refused`, `call-invalid`
   */
  enter(visit: Visit): Promise<Caller>
  /** @throws BulkheadError `scope-missing` */
  require(caller: Caller, need: Need): void
}

export interface Visit {
  readonly endpoint: Endpoint | undefined
  readonly headers: IncomingHttpHeaders
  /** As they came: names and values in turns. */
  readonly rawHeaders: readonly string[]
  /** Of the caller, or of whom a trusted proxy names. */
  readonly address: string
  /** Of the connection itself. */
  readonly socketAddress: string
}

export interface GateOptions {
  readonly auth: Auth
  readonly requestsPerSecond: number
  readonly publicUrl: string | undefined
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Given twice they may mean one thing to a proxy and another one here. */
const single = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'last-event-id',
  'traceparent',
])

const nobody: Caller = { actor: 'http', scopes: [], key: 'nobody' }

export function createGate({ auth, requestsPerSecond, publicUrl, now }: GateOptions): Gate {
  const limit = createRateLimit({ perSecond: requestsPerSecond, now })

  const count = (key: string): void => {
    const waitMs = limit.take(key)
    if (waitMs === 0) return
    throw withPause(fault('too-many-requests', `More than ${requestsPerSecond} calls a second`), waitMs)
  }

  return {
    async enter({ endpoint, headers, rawHeaders, address, socketAddress }) {
      // a probe is answered whatever else its address asks for
      if (endpoint?.path.startsWith('/health/') === true) return nobody
      const from = `address:${callerOfAddress(address)}`
      const { authorization } = headers
      // who is not known yet is counted by address, so that tokens cannot be tried out
      const isCounted = endpoint === undefined || endpoint.scope === 'none' || !auth.knows(authorization)
      if (isCounted) count(from)
      refuseDoubles(rawHeaders)
      if (endpoint === undefined || endpoint.scope === 'none') return nobody
      if (auth.tokens === 'off') {
        refuseForeignPages(headers, publicUrl)
        return { ...((await auth.authenticate(undefined)) ?? nobody), key: from }
      }
      if (endpoint.scope === 'metrics' && authorization === undefined && isLocal(headers, socketAddress))
        return { ...nobody, scopes: ['metrics'] }
      const caller = await auth.authenticate(authorization)
      if (caller === undefined) throw fault('token-missing', 'The call has no token')
      if (!isCounted) count(caller.key)
      return caller
    },
    require(caller, need) {
      if (allows(caller.scopes, need)) return
      throw fault('scope-missing', `The token does not have the scope ${scopeFor(need)}`)
    },
  }
}

function withPause(error: BulkheadError, retryAfterMs: number): Error {
  return isBulkheadError(error) ? Object.assign(error, { retryAfterMs }) : error
}

function refuseDoubles(rawHeaders: readonly string[]): void {
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]?.toLowerCase() ?? ''
    const isSingle = single.has(header) || header.startsWith('ce-')
    if (isSingle && seen.has(header))
      throw fault('call-invalid', `The header ${header} is there twice`, { path: header })
    seen.add(header)
  }
}

/**
 * Without tokens any page in a browser of this machine could call: by its own scripts, or by a name that it lets point
 * to this machine. A program sends none of these headers, and calls by a name of this machine.
 */
function refuseForeignPages(headers: IncomingHttpHeaders, publicUrl: string | undefined): void {
  const { host = '', origin } = headers
  const name = host.replace(/:\d+$/, '')
  const publicHost = publicUrl === undefined ? undefined : new URL(publicUrl).host
  const site = headers['sec-fetch-site']
  const isForeign =
    (!isLoopbackHost(name) && host !== publicHost) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && !sameHost(origin, host))
  if (isForeign) throw fault('page-refused', 'The call comes from a page of another origin')
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}

/** A proxy on this machine is a neighbour too, but not for whom it asks. */
function isLocal(headers: IncomingHttpHeaders, socketAddress: string): boolean {
  const isProxied = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((header) => header in headers)
  return !isProxied && isLoopbackHost(socketAddress)
}
