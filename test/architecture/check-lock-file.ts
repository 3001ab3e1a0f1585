/**
 * The lock file is of every platform, not of the one it was written on: else `npm ci` refuses it elsewhere.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly resolved?: string
}

/** @returns faults as `package: what is wrong` */
export function checkLockFile(checkout: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  const entries = Object.entries(lock.packages)
  if (entries.length < 2) throw new Error('The lock file locks nothing')
  return entries.flatMap(([path, { optionalDependencies = {}, resolved }]) => {
    const name = path === '' ? 'the workspace' : path
    const missing = Object.keys(optionalDependencies)
      .filter((dependency) => !candidates(path, dependency).some((candidate) => candidate in lock.packages))
      .map((dependency) => `${name}: ${dependency} is optional, for another platform, and not locked`)
    const addressed =
      resolved?.includes('://') === true ? [`${name}: it is locked to the address ${resolved}`] : []
    return [...missing, ...addressed]
  })
}

/** Where Node looks for a dependency of the package at `path`, nearest first. */
function candidates(path: string, dependency: string): readonly string[] {
  const found = [`${path === '' ? '' : `${path}/`}node_modules/${dependency}`]
  for (let at = path.lastIndexOf('node_modules/'); at >= 0; at = path.lastIndexOf('node_modules/', at - 1)) {
    found.push(`${path.slice(0, at)}node_modules/${dependency}`)
    if (at === 0) break
  }
  found.push(`node_modules/${dependency}`) // what surrounds a workspace
  return found
}
