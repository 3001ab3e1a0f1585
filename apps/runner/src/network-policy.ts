import { BlockList, isIP } from 'node:net'
import { fault } from '@bulkhead/contract'

/** What the runs of one application may reach. */
export interface NetworkPolicy {
  /** Patterns of `policy.network.allow`; undefined: everything that is not refused to all. */
  readonly allow: readonly string[] | undefined
  /** Whether this machine itself may be reached: only the platform says so, never an application. */
  readonly allowLoopback: boolean
}

/** Where a connection goes: a host as it was named, and the address behind it once that is known. */
export interface Destination {
  readonly host: string
  readonly port: number
  readonly address: string
}

/** Says why a destination is refused; undefined when it is not. */
export interface NetworkRules {
  refuseAddress(destination: Destination): string | undefined
  /** For sockets of this machine, which have a path. */
  refusePath(path: string): string | undefined
}

/**
 * Cloud metadata services give credentials to whoever asks. They and link-local addresses are closed to
 * every application, whatever it allows. With their forms in NAT64 and 6to4; IPv4-mapped addresses are
 * found by the list itself.
 */
const metadata = blockList([
  '169.254.0.0/16', // link-local; AWS, Google, Azure, Oracle and others
  'fe80::/10',
  '64:ff9b::a9fe:0/112',
  '2002:a9fe::/32',
  'fd00:ec2::/64', // AWS over IPv6
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle
])

/** This machine; connecting to the unspecified address reaches it too. */
const loopback = blockList([
  '127.0.0.0/8',
  '::1/128',
  '0.0.0.0/8',
  '::/128',
  '64:ff9b::7f00:0/104',
  '2002:7f00::/24',
])

/** @throws BulkheadError `manifest-invalid` for a pattern that cannot be read */
export function networkRules(policy: NetworkPolicy): NetworkRules {
  const patterns = policy.allow?.map(readPattern)
  return {
    refuseAddress(destination) {
      if (contains(metadata, destination.address)) return 'it is a metadata or link-local address'
      if (!policy.allowLoopback && contains(loopback, destination.address)) return 'it is this machine itself'
      if (patterns !== undefined && !patterns.some((matches) => matches(destination)))
        return 'policy.network.allow does not list it'
      return undefined
    },
    refusePath(path) {
      if (!policy.allowLoopback) return 'it is a socket of this machine'
      if (policy.allow !== undefined && !policy.allow.includes(path))
        return 'policy.network.allow does not list it'
      return undefined
    },
  }
}

type Matcher = (destination: Destination) => boolean

/** `name`, `*.suffix`, `*`, an address or a CIDR, each perhaps with `:port`; IPv6 with a port in brackets. */
function readPattern(pattern: string, index: number): Matcher {
  if (pattern.startsWith('/')) return () => false // a socket of this machine, see `refusePath`
  const { host, port } = splitPort(pattern)
  const matchesHost = readHost(host)
  if (matchesHost === undefined || (port !== undefined && !/^\d{1,5}$/.test(port)))
    throw fault('manifest-invalid', `Not a host pattern: "${pattern.slice(0, 100)}"`, {
      path: `spec.policy.network.allow[${index}]`,
      fix: 'Write a name, *.suffix, an address or a CIDR, with an optional :port; IPv6 with a port in brackets',
    })
  return (destination) =>
    (port === undefined || Number(port) === destination.port) && matchesHost(destination)
}

function splitPort(pattern: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, portBehind] = /^\[([^\]]*)\](?::(.*))?$/.exec(pattern) ?? []
  if (bracketed !== undefined) return { host: bracketed, port: portBehind }
  const [host = '', port, ...more] = pattern.split(':')
  return more.length > 0 ? { host: pattern, port: undefined } : { host, port }
}

function readHost(host: string): Matcher | undefined {
  if (host === '*') return () => true
  const [address = '', bits] = host.split('/')
  if (isIP(address) !== 0) {
    const list = new BlockList()
    if (bits === undefined) list.addAddress(address, family(address))
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128))
      list.addSubnet(address, Number(bits), family(address))
    else return undefined
    return (destination) => contains(list, destination.address)
  }
  const name = canonicalName(host)
  if (name.startsWith('*.') && isName(name.slice(2)))
    return (destination) => canonicalName(destination.host).endsWith(name.slice(1))
  return isName(name) ? (destination) => canonicalName(destination.host) === name : undefined
}

function isName(text: string): boolean {
  return /^[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/.test(text)
}

function canonicalName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function contains(list: BlockList, address: string): boolean {
  const plain = address.replace(/%.*$/, '') // without the zone of a link-local address
  return list.check(plain, family(plain))
}

/** Of what is an address; `isIP` would look closer, and costs a start milliseconds. */
function family(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), family(address))
  }
  return list
}
