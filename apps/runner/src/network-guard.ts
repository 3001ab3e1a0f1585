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
}

interface ActiveGuard {
  readonly rules: NetworkRules
  refusal: BulkheadError | undefined
}

const active = new Set<ActiveGuard>()
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
    [Symbol.dispose]() {
      active.delete(guard)
    },
  }
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
      if (active.size === 0) return connect.apply(this, values)
      const { options, listener } = normalized(values)
      const host = String(options.host || 'localhost')
      const port = Number(options.port)
      const path = options.path == null ? undefined : String(options.path)
      const refusal =
        path === undefined ? refuseAddress(host, port, host) : refuse(path, (rules) => rules.refusePath(path))
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
  readonly host?: unknown
  readonly port?: unknown
  readonly path?: unknown
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
      const refusals = address.map((candidate) => refuseAddress(host, port, candidate.address))
      const reachable = address.filter((_, index) => refusals[index] === undefined)
      const [refusal] = refusals
      return reachable.length === 0 && refusal !== undefined ? answer(refusal) : answer(null, reachable)
    })
  }
}

/** Undefined for a name that is yet to be resolved. */
function refuseAddress(host: string, port: number, address: string): BulkheadError | undefined {
  if (isIP(address) === 0) return undefined
  const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const target = address === host ? shown : `${shown} (${address})`
  return refuse(target, (rules) => rules.refuseAddress({ host, port, address }), shown)
}

function refuse(
  target: string,
  judge: (rules: NetworkRules) => string | undefined,
  pattern = target,
): BulkheadError | undefined {
  let first: BulkheadError | undefined
  for (const guard of active) {
    const reason = judge(guard.rules)
    if (reason === undefined) continue
    const refusal = fault('network-refused', `This application may not connect to ${target}: ${reason}`, {
      fix: reason.includes('allow')
        ? `Add "${pattern}" to policy.network.allow of the application, if it belongs there`
        : 'Name another address; the platform alone can open this machine, and nobody opens metadata addresses',
    })
    guard.refusal ??= refusal
    first ??= refusal
  }
  return first
}
