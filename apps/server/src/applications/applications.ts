import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BulkheadError, isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { type Bundle, bundleSchema, fault } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { makeBundle, unpackBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { makePrivateFolder } from '@bulkhead/engine/links/state-folder'
import type { Destinations } from '../repository/repository.ts'

/** One revision of an application, as the server serves it. */
export interface ServedApplication {
  readonly application: Application
  /** Digest of the bundle. */
  readonly revision: string
  readonly bundle: Bundle
  /** Where settings with relative paths start. */
  readonly baseFolder: string
  readonly destinations: Destinations
}

/** One that cannot be served, alone (I7). */
export interface SetAside {
  readonly folder: string
  /** Undefined when not even the name can be read. */
  readonly name: string | undefined
  readonly error: BulkheadError
}

export interface Applications {
  /** What new requests are accepted with. */
  get(name: string): ServedApplication | undefined
  /** What a run was accepted with; undefined when that revision is not kept here. */
  revision(name: string, revision: string): Promise<ServedApplication | undefined>
  list(): readonly ServedApplication[]
  setAside(): readonly SetAside[]
}

export interface ApplicationsOptions {
  /** Its sub-folders are applications; or it is one itself. */
  readonly folder: string
  /** Overlay of all: `environments/NAME.yaml`, for those that have it. */
  readonly environment: string | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly stateFolder: string
  readonly log: Log
}

/**
 * Reads all applications below a folder, and keeps a bundle of each revision, so that a run which waited
 * over a restart is run as it was accepted. What is broken is set aside with its reason, and stops nothing else.
 *
 * @throws BulkheadError `application-not-found` when the folder is not there
 */
export async function openApplications(options: ApplicationsOptions): Promise<Applications> {
  const bundles = join(options.stateFolder, 'bundles')
  await makePrivateFolder(bundles)
  const served = new Map<string, ServedApplication>()
  const aside: SetAside[] = []
  for (const folder of await applicationFolders(resolve(options.folder))) {
    try {
      const one = await serve(folder, options)
      const other = served.get(one.application.name)
      if (other !== undefined)
        throw fault(
          'manifest-invalid',
          `Another application has the name "${one.application.name}": ${other.baseFolder}`,
          {
            path: 'metadata.name',
            fix: 'Give each application a name of its own',
          },
        )
      await keepBundle(bundles, one.bundle)
      served.set(one.application.name, one)
    } catch (error) {
      if (!isBulkheadError(error)) throw error
      options.log.warn(`The application in ${folder} is set aside: ${error.message}`, { code: error.code })
      aside.push({ folder, name: undefined, error })
    }
  }
  const earlier = new Map<string, ServedApplication>()
  return {
    get: (name) => served.get(name),
    async revision(name, revision) {
      const current = served.get(name)
      if (current?.revision === revision) return current
      const key = `${name}/${revision}`
      const known = earlier.get(key) ?? (await openRevision(bundles, name, revision, current, options))
      if (known !== undefined) earlier.set(key, known)
      return known
    },
    list: () => [...served.values()],
    setAside: () => aside,
  }
}

async function applicationFolders(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw fault('application-not-found', `There is no folder ${root}`, {
      cause,
      fix: 'Name the folder of your applications',
    })
  })
  if (entries.some(({ name }) => name === 'application.yaml')) return [root]
  const folders = entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(root, name))
  const own = await Promise.all(
    folders.toSorted().map(async (folder) => {
      const names = await readdir(folder).catch((): string[] => [])
      return names.includes('application.yaml') ? [folder] : []
    }),
  )
  return own.flat()
}

async function serve(folder: string, options: ApplicationsOptions): Promise<ServedApplication> {
  const overlays = await readdir(join(folder, 'environments')).catch((): string[] => [])
  const has = options.environment !== undefined && overlays.includes(`${options.environment}.yaml`)
  const application = await readApplication(folder, {
    environment: has ? options.environment : undefined,
    variables: options.variables,
    allowLoopback: options.variables['BULKHEAD_ALLOW_LOOPBACK'] === '1',
  })
  const bundle = await makeBundle(application)
  return servedApplication(application, bundle, folder)
}

function servedApplication(application: Application, bundle: Bundle, baseFolder: string): ServedApplication {
  return {
    application,
    revision: bundle.digest,
    bundle,
    baseFolder,
    destinations: destinationsOf(application),
  }
}

function destinationsOf({ manifest }: Application): Destinations {
  const replies = Object.entries(manifest.spec.replies)
  const wanting = (message: 'accepted' | 'progress'): readonly string[] =>
    replies.filter(([, { messages }]) => messages.includes(message)).map(([name]) => name)
  return {
    outcome: replies.map(([name]) => name),
    accepted: wanting('accepted'),
    progress: wanting('progress'),
  }
}

async function keepBundle(bundles: string, bundle: Bundle): Promise<void> {
  const folder = join(bundles, bundle.application)
  await makePrivateFolder(folder)
  const file = join(folder, `${bundle.digest}.json`)
  const whole = `${file}.${process.pid}`
  await writeFile(whole, JSON.stringify(bundle), { mode: 0o600 })
  await rename(whole, file)
}

async function openRevision(
  bundles: string,
  name: string,
  revision: string,
  current: ServedApplication | undefined,
  options: ApplicationsOptions,
): Promise<ServedApplication | undefined> {
  if (!/^[0-9a-f]{64}$/.test(revision)) return undefined
  const file = join(bundles, name, `${revision}.json`)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const bundle = bundleSchema.parse(JSON.parse(text))
  const folder = join(bundles, name, revision)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await unpackBundle(bundle, folder)
  const environment = Object.keys(bundle.files).find((path) => path.startsWith('environments/'))
  const application = await readApplication(folder, {
    environment: environment?.slice('environments/'.length, -'.yaml'.length),
    variables: options.variables,
    allowLoopback: options.variables['BULKHEAD_ALLOW_LOOPBACK'] === '1',
  })
  return servedApplication(application, bundle, current?.baseFolder ?? folder)
}
