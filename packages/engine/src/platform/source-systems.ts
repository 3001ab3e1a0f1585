import type { PlatformSpec } from '@bulkhead/contract'

/** A connection with its settings, as far as they are known without secrets. */
export interface KnownConnection {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

interface Address {
  readonly host: string
  /** Undefined: nobody says. */
  readonly port: number | undefined
}

/**
 * Says which of the platform's source systems connections of an application lead to: by the addresses in their settings, or by
 * their names. Pure; no name is looked up.
 *
 * @returns names in order
 */
export function sourceSystems(
  systems: PlatformSpec['systems'],
): (application: string, connections: readonly KnownConnection[]) => readonly string[] {
  const known = Object.entries(systems)
    .map(([system, { hosts, connections }]) => ({
      system,
      hosts: hosts.flatMap(addressesIn),
      connections: connections.map((text) => text.split('/')),
    }))
    .toSorted((a, b) => (a.system < b.system ? -1 : 1))

  return (application, connections) => {
    if (known.length === 0) return []
    const reached = connections.map(({ name, config }) => ({ name, addresses: addressesOf(config) }))
    return known
      .filter((one) =>
        reached.some(
          ({ name, addresses }) =>
            one.connections.some(
              ([ofApplication, ofConnection]) =>
                isLike(ofApplication, application) && isLike(ofConnection, name),
            ) || one.hosts.some((host) => addresses.some((address) => isAt(host, address))),
        ),
      )
      .map(({ system }) => system)
  }
}

function isLike(pattern: string | undefined, name: string): boolean {
  return pattern === '*' || pattern === name
}

/** What is not said counts as the same: rather a run too few at a system than one too many. */
function isAt(pattern: Address, { host, port }: Address): boolean {
  if (pattern.port !== undefined && port !== undefined && pattern.port !== port) return false
  return pattern.host.startsWith('*.') ? host.endsWith(pattern.host.slice(1)) : host === pattern.host
}

/** What settings are called that hold addresses; a database is often called like its host. */
const addressName = /(host|point|node|broker|endpoint|server|address|ur[il])e?s?$/i

/** Addresses anywhere in settings, with the port beside them where they have none. */
function addressesOf(settings: unknown, isNamed = false): readonly Address[] {
  if (typeof settings === 'string') return isNamed ? addressesIn(settings) : []
  if (Array.isArray(settings)) return settings.flatMap((item) => addressesOf(item, isNamed))
  // the name of a secret says nothing
  if (typeof settings !== 'object' || settings === null || 'secret' in settings) return []
  const beside = (settings as { readonly port?: unknown }).port
  return Object.entries(settings).flatMap(([key, value]) =>
    addressesOf(value, isNamed || addressName.test(key)).map(({ host, port }) => ({
      host,
      port: port ?? (typeof beside === 'number' ? beside : undefined),
    })),
  )
}

const portOfScheme: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** `db.internal`, `a:9042,b:9042`, `[::1]:5432`, `https://user@search.internal/path`. */
function addressesIn(text: string): readonly Address[] {
  const [, scheme, authority = text] = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(text) ?? []
  return authority.split(',').flatMap((one): Address[] => {
    const [, bracketed, name, port] =
      /^\s*(?:\[([^\]]+)\]|([^\s:]+|[\da-f:.]*:[\da-f:.]*:[\da-f:.]*?))(?::(\d{1,5}))?\s*$/i.exec(one) ?? []
    const host = (bracketed ?? name)?.toLowerCase().replace(/\.$/, '')
    if (host === undefined || host === '') return []
    return [{ host, port: port === undefined ? portOfScheme[scheme?.toLowerCase() ?? ''] : Number(port) }]
  })
}
