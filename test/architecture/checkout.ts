/** The files of a checkout, as the rules see them. The root is a parameter: rules are tried on planted trees too. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** This checkout. */
export const root = resolve(import.meta.dirname, '../..')

export interface PackageManifest {
  readonly name: string
  readonly version?: string
  readonly description?: string
  readonly license?: string
  readonly type?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly files?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export function readManifest(checkout: string, folder: string): PackageManifest {
  return JSON.parse(readFileSync(join(checkout, folder, 'package.json'), 'utf8')) as PackageManifest
}

/** Folders of packages, relative: `packages/engine`, `connectors/s3` ... */
export function packageFolders(checkout: string): readonly string[] {
  return ['packages', 'apps', 'connectors'].flatMap((group) =>
    names(join(checkout, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(checkout, folder, 'package.json'))),
  )
}

/** TypeScript files below these folders, relative to the checkout, in order; no build output, no dependencies. */
export function sourceFiles(checkout: string, folders: readonly string[]): readonly string[] {
  return folders
    .flatMap((folder) =>
      globSync(`${folder}/**/*.ts`, {
        cwd: checkout,
        exclude: (name) => name === 'node_modules' || name === 'dist',
      }),
    )
    .toSorted()
}

/** Tests, and what only tests use: `x.test.ts`, `x.test-support.ts`, `testing/` but for the kit that the SDK ships. */
export function isTestOnly(file: string): boolean {
  return (
    /\.test(-[\w-]+)?\.ts$/.test(file) ||
    (file.includes('/testing/') && !file.startsWith('packages/connector-sdk/'))
  )
}

export function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}
