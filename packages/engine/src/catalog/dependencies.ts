import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Versions by name; more than one where packages have different ones of the same. */
export type Dependencies = Readonly<Record<string, readonly string[]>>

interface PackageFile {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** More is no connector; it also ends what leads in circles. */
const mostPackages = 3000

/**
 * The packages that a connector is loaded with, theirs and so on, as Node would find them from its folder. What a registry
 * published under a version stays as it is, so that name and version say what a package does. An optional package
 * that is not there is left out.
 */
export function dependenciesOf(folder: string): Dependencies {
  const found = new Map<string, Set<string>>()
  const seen = new Set<string>()
  const open = [folder]
  for (let at = open.pop(); at !== undefined && seen.size < mostPackages; at = open.pop()) {
    const own = readPackage(at)
    for (const name of Object.keys({
      ...own.dependencies,
      ...own.optionalDependencies,
      ...own.peerDependencies,
    })) {
      const place = find(at, name)
      if (place === undefined || seen.has(place)) continue
      seen.add(place)
      const versions = found.get(name) ?? new Set()
      found.set(name, versions.add(readPackage(place).version ?? ''))
      open.push(place)
    }
  }
  return Object.fromEntries(
    [...found]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, versions]) => [name, [...versions].toSorted()]),
  )
}

/** @see https://nodejs.org/api/modules.html#loading-from-node_modules-folders */
function find(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    try {
      return realpathSync(join(at, 'node_modules', name))
    } catch {
      if (dirname(at) === at) return undefined
    }
  }
}

function readPackage(folder: string): PackageFile {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile
  } catch {
    return {}
  }
}
