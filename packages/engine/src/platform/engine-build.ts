import { createHash } from 'node:crypto'
import { globSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fault } from '@bulkhead/contract'
import { canonicalJson } from '../application/canonical-json.ts'
import { dependenciesOf } from '../catalog/dependencies.ts'

/** A build of the runner as it lies on disk, which nobody has asked yet. */
export interface EngineBuild {
  /** The file that a process runs. */
  readonly entry: string
  /** As its package says. */
  readonly version: string
  /** Version and digest of code and dependencies: two builds that may behave otherwise never have the same. */
  readonly identity: string
}

const packageName = '@bulkhead/runner'
/** Packages of ours that it may be made of, when they are not one file with it. */
const ownPackages = ['engine', 'contract', 'connector-sdk'].map((name) => `@bulkhead/${name}`)
/** More is no engine. */
const mostFiles = 5000

/**
 * Reads a folder that holds the package of a runner, or has it installed.
 *
 * @throws BulkheadError `engine-unusable` when there is none
 */
export function readEngineBuild(folder: string): EngineBuild {
  try {
    const home = homeOf(folder)
    const { version, exports } = readPackage(home)
    const path = exports?.['./connected']?.default
    if (typeof path !== 'string' || typeof version !== 'string')
      throw new Error(`its package ${packageName} has no version, or nothing that a server could start`)
    return engineBuildOf(home, realpathSync(join(home, path)), version)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw fault('engine-unusable', `The engine cannot be read: ${code ?? message}`, { cause })
  }
}

/** The build that a file belongs to, whatever its package is called: that of this very installation, by the file that it runs. */
export function engineBuildAround(entry: string): EngineBuild {
  for (let at = dirname(entry); dirname(at) !== at; at = dirname(at)) {
    const { name, version } = packageAt(at)
    if (name !== undefined) return engineBuildOf(at, entry, version ?? '')
  }
  throw fault('engine-unusable', 'There is no package around the file of the engine')
}

function engineBuildOf(home: string, entry: string, version: string): EngineBuild {
  const part = entry.startsWith(join(home, 'src') + sep) ? 'src' : 'dist'
  const hash = createHash('sha256')
  for (const folder of [home, ...ownPackages.flatMap((name) => installed(home, name) ?? [])]) {
    const files = globSync(`${part}/**/*.{js,mjs,ts,json}`, { cwd: folder })
      .filter((file) => !/\.(test|d|test-support|test-process)\.ts$|tsbuildinfo/.test(file))
      .toSorted()
    if (files.length > mostFiles) throw new Error('it has too many files')
    for (const file of files)
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(folder, file)))
        .update('\0')
  }
  hash.update(canonicalJson(dependenciesOf(home)))
  return { entry, version, identity: `${version}+${hash.digest('hex').slice(0, 12)}` }
}

/** Where its package is: here, or below `node_modules`. */
function homeOf(folder: string): string {
  if (packageAt(folder).name === packageName) return realpathSync(folder)
  return realpathSync(join(folder, 'node_modules', packageName))
}

interface PackageFile {
  readonly name?: string
  readonly version?: string
  readonly exports?: Readonly<Record<string, { readonly default?: unknown } | undefined>>
}

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile
}

function packageAt(folder: string): PackageFile {
  try {
    return readPackage(folder)
  } catch {
    return {}
  }
}

/** As Node would find it. */
function installed(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    try {
      return realpathSync(join(at, 'node_modules', name))
    } catch {
      if (dirname(at) === at) return undefined
    }
  }
}
