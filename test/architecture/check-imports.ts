/** Holds every source file against the table of rooms. */
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import {
  isTestOnly,
  names,
  packageFolders,
  type PackageManifest,
  readManifest,
  sourceFiles,
} from './checkout.ts'
import { type FileReferences, type Import, readReferences } from './read-imports.ts'
import { type Room, roomsWith } from './rooms.ts'

export interface RoomReport {
  /** How many files each room has that are not tests; a rule over none proves nothing. */
  readonly files: ReadonlyMap<string, number>
  /** `file:line` and what is wrong there. */
  readonly violations: readonly string[]
}

interface Package {
  readonly folder: string
  readonly manifest: PackageManifest
}

/** The same answer for the same question, as far as they are used without chance (see `read-imports.ts`). */
const pureBuiltins = new Set(['node:crypto', 'node:util'])

/** @param checkout  a folder with `packages`, `apps`, `connectors` as here */
export function checkRooms(checkout: string): RoomReport {
  const rooms = roomsWith(names(join(checkout, 'connectors')))
  const packages = packageFolders(checkout).map((folder) => ({
    folder,
    manifest: readManifest(checkout, folder),
  }))
  const developed = new Set(Object.keys(readManifest(checkout, '.').devDependencies ?? {}))
  const read = new Map<string, FileReferences>()
  const reading = (file: string): FileReferences => {
    const references = read.get(file) ?? readReferences(file, readFileSync(join(checkout, file), 'utf8'))
    read.set(file, references)
    return references
  }
  const targets = (specifier: string, file: string): string | undefined => {
    const target = targetOf(specifier, file, packages)
    return target !== undefined && existsSync(join(checkout, target)) ? target : undefined // tsc says what is missing
  }
  const files = new Map<string, number>()
  const violations: string[] = []

  for (const file of sourceFiles(checkout, ['packages/*/src', 'apps/*/src', 'connectors/*/src'])) {
    const home = packages.find(({ folder }) => file.startsWith(`${folder}/`))
    if (home === undefined) {
      violations.push(`${file}:1 lies in no package`)
      continue
    }
    const { imports, impurities, nodeGlobals } = reading(file)
    const say = (line: number, what: string): void => void violations.push(`${file}:${line} ${what}`)
    const test = isTestOnly(file)
    for (const reference of imports) {
      for (const problem of problemsOfAny(reference, file, home, packages, test ? developed : new Set())) {
        say(reference.line, problem)
      }
    }
    if (test) continue

    const room = roomOf(file, rooms)
    if (room === undefined) {
      say(1, 'lies in no room of test/architecture/rooms.ts')
      continue
    }
    files.set(room.name, (files.get(room.name) ?? 0) + 1)
    for (const reference of imports) {
      for (const problem of problemsOfRoom(reference, file, room, rooms, packages))
        say(reference.line, problem)
    }
    if (room.pure === true) {
      for (const { what, line } of impurities) say(line, `uses ${what}, and ${room.name} is pure`)
      for (const { line, way } of impureWays(file, reading, targets)) {
        say(line, `reaches ${way}, and ${room.name} is pure`)
      }
    }
    if (room.browser === true) {
      for (const { what, line } of nodeGlobals) {
        say(line, `names ${what}, which only Node has, and a browser runs ${room.name}`)
      }
    }
  }
  return { files: new Map(rooms.map(({ name }) => [name, files.get(name) ?? 0])), violations }
}

function roomOf(file: string, rooms: readonly Room[]): Room | undefined {
  return (
    rooms
      .filter(({ folder }) => file.startsWith(`${folder}/`))
      .toSorted((a, b) => b.folder.length - a.folder.length)
      // a folder of the engine that the table does not name is no room by accident
      .find(({ folder, name }) => name !== 'engine' || !file.slice(folder.length + 1).includes('/'))
  )
}

/** What no file may do, tests included. */
function* problemsOfAny(
  { specifier, kind }: Import,
  file: string,
  home: Package,
  packages: readonly Package[],
  developed: ReadonlySet<string>,
): Generator<string> {
  if (specifier === undefined) return
  if (specifier.startsWith('.')) {
    const target = resolveRelative(file, specifier)
    const support = developed.size > 0 && /^(test\/support|scripts\/services)\//.test(target)
    if (!target.startsWith(`${home.folder}/`) && !support) yield `climbs out of its package by ${specifier}`
    return
  }
  if (specifier.startsWith('/') || specifier.startsWith('file:'))
    yield `names a place on this machine: ${specifier}`
  if (specifier.startsWith('#') && home.manifest.imports?.[specifier] === undefined) {
    yield `imports ${specifier}, which ${home.folder}/package.json does not define`
  }
  if (/^[#/]|^file:/.test(specifier) || isBuiltin(specifier)) return
  const name = packageName(specifier)
  const { dependencies, peerDependencies, devDependencies = {} } = home.manifest
  // what the SDK and connectors need only while they are built becomes part of their bundles
  const isBundled = home.folder.startsWith('connectors/') || home.folder === 'packages/connector-sdk'
  const bundled = isBundled ? devDependencies : {}
  const declared = { ...dependencies, ...peerDependencies, ...bundled }
  const isDeclared = name in declared || name === home.manifest.name
  const typesOnly = kind === 'type' && `@types/${name.replace('@', '').replace('/', '__')}` in devDependencies
  if (
    !isDeclared &&
    !typesOnly &&
    !developed.has(name) &&
    !packages.some(({ manifest }) => developed.size > 0 && manifest.name === name)
  ) {
    yield `imports ${name}, which ${home.folder}/package.json does not declare`
  }
}

/** What the table says about this room. */
function* problemsOfRoom(
  { specifier, kind }: Import,
  file: string,
  room: Room,
  rooms: readonly Room[],
  packages: readonly Package[],
): Generator<string> {
  if (specifier === undefined) {
    if (room.computedImports !== true)
      yield `imports what is computed, and ${room.name} loads no foreign code`
    return
  }
  if (/^@bulkhead\/connector-(?!sdk(\/|$))|^connectors\//.test(specifier)) {
    yield `names the connector ${specifier}: connectors are found by their folder, never imported`
    return
  }
  if (isBuiltin(specifier)) {
    const builtin = specifier.startsWith('node:') ? specifier : `node:${specifier}`
    const allowed = typeof room.node === 'boolean' ? room.node : room.node.includes(builtin)
    if (!allowed)
      yield `imports ${specifier}, and ${room.name} uses ${room.node === false ? 'nothing' : 'little'} of Node`
    else if (room.never?.includes(builtin)) {
      yield `imports ${specifier}, which ${room.name} must not know`
    }
    return
  }
  if (room.never?.some((never) => specifier === never || specifier.startsWith(`${never}/`))) {
    yield `imports ${specifier}, which ${room.name} must not know`
    return
  }
  const target = targetOf(specifier, file, packages)
  if (target === undefined) return // a vendor's; whether it is declared, every file is asked
  if (isTestOnly(target)) {
    yield `imports ${specifier}, which is there for tests only`
    return
  }
  const to = roomOf(target, rooms)
  if (to === undefined) {
    yield `imports ${specifier}, which lies in no room`
    return
  }
  if (to.name === room.name || fits(to.name, room.imports)) return
  if (kind === 'type' && fits(to.name, room.importsTypes)) return
  if (kind === 'lazy' && fits(to.name, room.importsLazily)) return
  const weaker = fits(to.name, room.importsLazily)
    ? ' but by import()'
    : fits(to.name, room.importsTypes)
      ? ' but for types'
      : ''
  yield `imports ${specifier}: ${room.name} may not import ${to.name}${weaker}`
}

/** Ways from a pure file through other files of ours to something that is not pure, each with the line where it begins. */
function* impureWays(
  from: string,
  reading: (file: string) => FileReferences,
  targets: (specifier: string, file: string) => string | undefined,
): Generator<{ line: number; way: string }> {
  const seen = new Set([from])
  for (const { specifier, kind, line } of reading(from).imports) {
    const first = specifier === undefined || kind === 'type' ? undefined : targets(specifier, from)
    const queue = first === undefined ? [] : [first]
    for (const file of queue) {
      if (seen.has(file)) continue
      seen.add(file)
      const { imports, impurities } = reading(file)
      const [impurity] = impurities
      if (impurity !== undefined) yield { line, way: `${impurity.what} in ${file}:${impurity.line}` }
      for (const next of imports) {
        if (next.specifier === undefined || next.kind === 'type') continue
        if (isBuiltin(next.specifier) && !pureBuiltins.has(next.specifier)) {
          yield { line, way: `${next.specifier} in ${file}:${next.line}` }
        }
        const target = targets(next.specifier, file)
        if (target !== undefined) queue.push(target)
      }
    }
  }
}

function fits(name: string, allowed: readonly string[] = []): boolean {
  return allowed.some(
    (entry) => entry === name || (entry.endsWith('/*') && name.startsWith(entry.slice(0, -1))),
  )
}

/** The source file of ours that a specifier means, relative to the checkout; undefined for a vendor's. */
function targetOf(specifier: string, file: string, packages: readonly Package[]): string | undefined {
  if (specifier.startsWith('.')) return resolveRelative(file, specifier)
  if (specifier.startsWith('#')) {
    const home = packages.find(({ folder }) => file.startsWith(`${folder}/`))
    const target = home?.manifest.imports?.[specifier]
    return typeof target === 'string' ? normalize(`${home?.folder}/${target}`) : undefined
  }
  const name = packageName(specifier)
  const owner = packages.find(({ manifest }) => manifest.name === name)
  if (owner === undefined) return undefined
  const inside = specifier.slice(name.length + 1)
  const targets = owner.manifest.exports?.[inside === '' ? '.' : `./${inside}`] as
    | Record<string, string>
    | undefined
  return normalize(`${owner.folder}/${targets?.['@bulkhead/source'] ?? `src/${inside}.ts`}`)
}

function resolveRelative(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier))
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
