import { didYouMean, fault, listNames } from '@bulkhead/contract'
import type { Catalog, ConnectorEntry } from './catalog.ts'
import { compareVersions, parseVersion, versionFits, type Version } from './version.ts'

/** A folder that looks like a connector and cannot be used. */
export interface BrokenConnector {
  readonly folder: string
  /** What its connector.json says that it is, if that much can be read. */
  readonly name: string | undefined
  readonly reason: string
  /** It was made for another version of the connector contract. */
  readonly isIncompatible: boolean
}

/** A catalog of these connectors. Of two with the same name and version the first counts. */
export function catalogOf(
  entries: readonly ConnectorEntry[],
  broken: readonly BrokenConnector[] = [],
): Catalog {
  const byVersion = new Map<string, Installed>()
  for (const entry of entries) {
    const version = parseVersion(entry.version)
    const key = `${entry.name}@${entry.version}`
    if (version !== undefined && !byVersion.has(key)) byVersion.set(key, { entry, version })
  }
  const installed = [...byVersion.values()].toSorted(
    (a, b) => compareNames(a.entry.name, b.entry.name) || compareVersions(b.version, a.version),
  )
  return {
    resolve: (reference, path) => resolveReference(installed, broken, reference, path),
    list: () => installed.map(({ entry }) => entry),
    broken: broken.map(({ folder, reason }) => ({ folder, reason })),
  }
}

interface Installed {
  readonly entry: ConnectorEntry
  readonly version: Version
}

function resolveReference(
  installed: readonly Installed[],
  broken: readonly BrokenConnector[],
  reference: string,
  path: string | undefined,
): ConnectorEntry {
  const at = reference.indexOf('@')
  const name = at === -1 ? reference : reference.slice(0, at)
  const range = at === -1 ? undefined : reference.slice(at + 1)
  const versions = installed.filter(({ entry }) => entry.name === name)
  const fitting = versions.filter(({ version }) => versionFits(version, range))
  const best = fitting.find(({ version }) => version.prerelease === '') ?? fitting[0]
  if (best !== undefined) return best.entry
  const details = path === undefined ? {} : { path }
  const aside = broken.find((candidate) => candidate.name === name)
  if (versions.length === 0 && aside !== undefined)
    throw fault(
      aside.isIncompatible ? 'connector-incompatible' : 'connector-broken',
      `The connector ${name} cannot be used: ${aside.reason}`,
      details,
    )
  const names = [...new Set(installed.map(({ entry }) => entry.name))]
  const shown = name.slice(0, 60)
  throw versions.length === 0
    ? fault('connector-unknown', `No connector ${shown} is installed${didYouMean(name, names)}`, {
        ...details,
        fix: `Installed are ${listNames(names)}; see \`bulkhead connectors list\``,
      })
    : fault(
        'connector-unknown',
        `No installed version of the connector ${shown} fits ${(range ?? '').slice(0, 40)}`,
        {
          ...details,
          fix: `Installed are ${listNames(versions.map(({ entry }) => entry.version))}`,
        },
      )
}

function compareNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
