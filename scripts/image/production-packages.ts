import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/** A package that runs in production, and where its folder goes. */
export interface ProductionPackage {
  /** Absolute. */
  readonly from: string
  /** Relative to where the platform is installed. */
  readonly to: string
  /** What of it ships; undefined: all. */
  readonly files: readonly string[] | undefined
}

interface Manifest {
  readonly name: string
  readonly files?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The runtime, which has a place of its own, and is not installed twice. */
const runtime = /^node-(linux|darwin)-/

/** Our own packages and all that they need of others, found as Node finds them: below a checkout that is installed. */
export function productionPackages(root: string): readonly ProductionPackage[] {
  const found = new Map<string, ProductionPackage>()
  const own = globSync('{packages,apps,connectors}/*/package.json', { cwd: root }).map((path) =>
    join(root, dirname(path)),
  )
  const places = new Map(own.map((folder) => [folder, join('node_modules', manifestOf(folder).name)]))
  const waiting = [...own]
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    if (found.has(from)) continue
    const { files, dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifestOf(from)
    const isOwn = places.has(from)
    found.set(from, {
      from,
      to: placeOf(root, from, places),
      files: isOwn ? ['package.json', ...(files ?? []).filter((file) => !file.startsWith('!'))] : undefined,
    })
    for (const name of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      if (runtime.test(name) || name.startsWith('@bulkhead/')) continue
      const folder = resolveFrom(root, from, name)
      if (folder !== undefined) waiting.push(folder)
      else if (Object.hasOwn(dependencies, name) && !Object.hasOwn(optionalDependencies, name))
        throw new Error(`${relative(root, from)} needs ${name}, which is not installed`)
    }
  }
  return [...found.values()]
}

/** What lies below a package of ours moves with it. */
function placeOf(root: string, from: string, places: ReadonlyMap<string, string>): string {
  for (const [folder, place] of places)
    if (from === folder || from.startsWith(folder + sep)) return join(place, relative(folder, from))
  return relative(root, from)
}

function resolveFrom(root: string, from: string, name: string): string | undefined {
  for (let at = from; at.startsWith(root); at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(join(folder, 'package.json'))) return folder
  }
  return undefined
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
