import { AsyncLocalStorage } from 'node:async_hooks'
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { isIP, Socket } from 'node:net'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { type NetworkPolicy, type NetworkRules, networkRules } from './network-policy.ts'

/** A policy in force, until it is disposed of. */
export interface NetworkGuard extends Disposable {
  /**
   * The first connection that was refused. Drivers wrap errors in their own, and take a refused
   * connection for an outage; whoever judges the failure of a run asks here.
   */
  readonly refusal: BulkheadError | undefined
  /** What is refused in this work, and in what it begins, is remembered here alone: where several runs share a process. */
  within<T>(work: () => T): T
}

interface ActiveGuard {
  readonly rules: NetworkRules
  refusal: BulkheadError | undefined
}

const active = new Set<ActiveGuard>()
const exempt = new AsyncLocalStorage<true>()
const scope = new AsyncLocalStorage<ActiveGuard>()
let installed = false

/**
 * Holds every outgoing connection of this process against the policy: those of database drivers, of
 * `fetch`, of the AWS SDK, over TLS or not. It is checked where the connection goes in the end, after
 * names were resolved, so that a name cannot lead to an address that it may not.
 *
 * It guards against mistakes and against names that change their address. It is no wall against
 * malice: child processes, worker threads, UDP and native clients pass by it.
 *
 * While several policies are in force, a connection must suit them all.
 */
export function guardNetwork(policy: NetworkPolicy): NetworkGuard {
  const guard: ActiveGuard = { rules: networkRules(policy), refusal: undefined }
  install()
  active.add(guard)
  return {
    get refusal() {
      return guard.refusal
    },
    within: (work) => scope.run(guard, work),
    [Symbol.dispose]() {
      active.delete(guard)
    },
  }
}

/**
 * Does something for the platform itself while a policy is in force: its connections, and no others, are
 * not held against it.
 */
export function beyondPolicy<T>(work: () => T): T {
  return exempt.run(true, work)
}

/** Once for the process, and for good: `connect` cannot be put back by whoever runs in it. */
function install(): void {
  if (installed) return
  installed = true
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the socket as `this` below
  const connect = Socket.prototype.connect as (this: Socket, ...values: unknown[]) => Socket
  Object.defineProperty(Socket.prototype, 'connect', {
    configurable: false,
    writable: false,
    value: function guardedConnect(this: Socket, ...values: unknown[]): Socket {
      if (active.size === 0 || exempt.getStore() === true) return connect.apply(this, values)
      const { options, listener } = normalized(values)
      const host = String(options.host || 'localhost')
      const port = Number(options.port)
      const path = options.path == null ? undefined : String(options.path)
      const refusal = path === undefined ? refuseAddress(host, port, host) : refusePath(path)
      // What was checked is what is used: getters are not asked again. A refused connection fails as one
      // whose name is not known, on Node's own way: clients are used to that.
      const pinned = Object.create(options, {
        host: { value: refusal === undefined ? host : 'refused.invalid' },
        port: { value: refusal === undefined ? options.port : 1 },
        path: { value: refusal === undefined ? path : undefined },
        lookup: {
          value:
            refusal === undefined
              ? guardedLookup(options.lookup ?? systemLookup, port)
              : (_host: string, _options: LookupOptions, answer: Answer) => answer(refusal),
        },
      }) as object
      return connect.call(this, pinned, listener)
    },
  })
}

interface ConnectOptions {
  readonly host?: string
  readonly port?: unknown
  readonly path?: string | null
  readonly lookup?: Lookup
}
type Answer = (error: Error | null, address?: string | LookupAddress[], family?: number) => void
type Lookup = (host: string, options: LookupOptions, answer: Answer) => void

/**
 * The ways to call `connect`: with options, with a path, with port and host, or (from inside Node)
 * with an array of options and listener.
 */
function normalized(values: readonly unknown[]): {
  readonly options: ConnectOptions
  readonly listener: unknown
} {
  const [first, second] = values
  if (Array.isArray(first)) return normalized(first as unknown[])
  const last = values.at(-1)
  const listener = typeof last === 'function' ? last : undefined
  if (typeof first === 'object' && first !== null) return { options: first, listener }
  if (typeof first === 'string' && !isPort(first)) return { options: { path: first }, listener }
  return { options: { port: first, ...(typeof second === 'string' && { host: second }) }, listener }
}

function isPort(text: string): boolean {
  return Number(text) >= 0
}

/** Leaves only addresses that may be reached; with none left the lookup fails. */
function guardedLookup(lookup: Lookup, port: number): Lookup {
  return (host, options, answer) => {
    lookup(host, options, (error, address, family) => {
      if (error !== null && error !== undefined) return answer(error)
      if (!Array.isArray(address)) {
        const refusal = refuseAddress(host, port, String(address))
        return refusal === undefined ? answer(null, address, family) : answer(refusal)
      }
      const reachable = address.filter((candidate) => judge(host, port, candidate.address).length === 0)
      const [first] = address
      const refusal =
        reachable.length > 0 || first === undefined ? undefined : refuseAddress(host, port, first.address)
      return refusal === undefined ? answer(null, reachable) : answer(refusal)
    })
  }
}

interface Judgement {
  readonly guard: ActiveGuard
  readonly reason: string
}

/** What the policies in force have against an address; a name that is yet to be resolved may pass. */
function judge(host: string, port: number, address: string): readonly Judgement[] {
  if (isIP(address) === 0) return []
  return reasonsOf((rules) => rules.refuseAddress({ host, port, address }))
}

function reasonsOf(ask: (rules: NetworkRules) => string | undefined): readonly Judgement[] {
  return [...active].flatMap((guard) => {
    const reason = ask(guard.rules)
    return reason === undefined ? [] : [{ guard, reason }]
  })
}

function refuseAddress(host: string, port: number, address: string): BulkheadError | undefined {
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return refuse(judge(host, port, address), address === host ? shown : `${shown} (${address})`, shown)
}

function refusePath(path: string): BulkheadError | undefined {
  return refuse(
    reasonsOf((rules) => rules.refusePath(path)),
    path,
    path,
  )
}

/** The error for whoever wanted to connect, remembered by the policies that refused. */
function refuse(
  judgements: readonly Judgement[],
  target: string,
  pattern: string,
): BulkheadError | undefined {
  const [first] = judgements
  if (first === undefined) return undefined
  const refusal = fault('network-refused', `This application may not connect to ${target}: ${first.reason}`, {
    fix: first.reason.startsWith('policy.')
      ? `Add "${pattern}" to policy.network.allow of the application, if it belongs there`
      : 'Name another address. Whoever runs the platform can open this machine by BULKHEAD_ALLOW_LOOPBACK=1; metadata addresses stay closed',
  })
  const own = scope.getStore()
  for (const { guard } of judgements) if (own === undefined || own === guard) guard.refusal ??= refusal
  return refusal
}
