import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isBulkheadError, type ErrorDetails } from '@bulkhead/connector-sdk'
import {
  type ApplicationManifest,
  checkedBy,
  didYouMean,
  type Environment,
  environmentSchema,
  errorOf,
  fault,
  formatPath,
  listNames,
  name as nameSchema,
  type Path,
  valueAt,
} from '@bulkhead/contract'
import type { Application, ApplicationFile } from './application.ts'
import { fileFault, readApplicationFile } from './application-files.ts'
import { checkApplication } from './check-application.ts'
import { checkManifest } from './check-manifest.ts'
import { readLock } from './lock.ts'
import { readYaml, type YamlDocument } from './yaml-document.ts'

export interface ReadOptions {
  /** Name of a file in `environments/`, without its ending. */
  readonly environment?: string | undefined
  /** Variables of the process; only those that the environment lists are read. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Said by the platform alone: the built-in application may reach loopback addresses. */
  readonly allowLoopback?: boolean | undefined
}

/**
 * Reads the folder of an application: application.yaml, the overlay of the environment, and every file
 * that they name. All faults of the manifest are found at once.
 *
 * @throws BulkheadError `application-not-found`, `environment-not-found`, `manifest-unreadable` (YAML),
 *         `manifest-invalid`, `not-in-this-version`, `environment-variable-missing`, `connection-unknown`,
 *         `store-unknown`, `file-not-found`, `file-outside-application`; the first has the rest in `others`
 */
export async function readApplication(folder: string, options: ReadOptions): Promise<Application> {
  const root = resolve(folder)
  const base = await readManifest(root)
  const overlay =
    options.environment === undefined ? undefined : await readEnvironment(root, options.environment)
  const { manifest, faults, variables } = checkManifest(base.value, {
    environment: overlay?.environment,
    variables: options.variables,
    place: (path) => placeIn(path, base, overlay?.document),
  })
  if (manifest === undefined) throw errorOf(faults)
  const named = await readNamedFiles(root, manifest)
  const all = [...faults, ...checkApplication(manifest), ...named.faults]
  if (all.length > 0) throw errorOf(all)
  return {
    name: manifest.metadata.name,
    folder: root,
    manifest: named.manifest,
    environment: options.environment,
    variables,
    files: named.files,
    lock: await readLock(root),
    platform: { allowLoopback: options.allowLoopback ?? false },
  }
}

async function readManifest(root: string): Promise<YamlDocument> {
  try {
    return await readYamlFile(root, 'application.yaml')
  } catch (error) {
    if (!isBulkheadError(error) || error.code !== 'file-not-found') throw error
    throw fault('application-not-found', 'The folder has no application.yaml', { cause: error })
  }
}

async function readEnvironment(
  root: string,
  environment: string,
): Promise<{ readonly document: YamlDocument; readonly environment: Environment }> {
  const file = `environments/${environment}.yaml`
  // The name becomes a path: nothing but a plain name may.
  if (!nameSchema.safeParse(environment).success) throw await unknownEnvironment(root, environment)
  let document: YamlDocument
  try {
    document = await readYamlFile(root, file)
  } catch (error) {
    if (!isBulkheadError(error) || error.code !== 'file-not-found') throw error
    throw await unknownEnvironment(root, environment)
  }
  const overlay = checkedBy(environmentSchema, document.value, {
    code: 'manifest-invalid',
    place: (path) => document.placeOf(path),
  })
  return { document, environment: overlay }
}

async function unknownEnvironment(root: string, environment: string): Promise<Error> {
  const files = await readdir(join(root, 'environments')).catch(() => [])
  const names = files.filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -'.yaml'.length))
  return fault(
    'environment-not-found',
    `The application has no environment ${formatPath([environment])}${didYouMean(environment, names)}`,
    {
      fix:
        names.length === 0 ? 'Create environments/NAME.yaml' : `Choose one of ${listNames(names.toSorted())}`,
    },
  )
}

async function readYamlFile(root: string, file: string): Promise<YamlDocument> {
  const { bytes } = await readApplicationFile(root, file)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fault('manifest-unreadable', `${file} is not UTF-8 text`, { fix: 'Save it as UTF-8', cause })
  }
  return readYaml(text, file)
}

function placeIn(path: Path, base: YamlDocument, overlay: YamlDocument | undefined): string | undefined {
  const isOverlaid = overlay !== undefined && valueAt(overlay.value, path) !== undefined
  return (isOverlaid ? overlay : base).placeOf(path)
}

interface NamedFiles {
  /** With every name of a file in its plain form, by which `files` knows it. */
  readonly manifest: ApplicationManifest
  readonly files: ReadonlyMap<string, ApplicationFile>
  readonly faults: readonly ErrorDetails[]
}

async function readNamedFiles(root: string, manifest: ApplicationManifest): Promise<NamedFiles> {
  const files = new Map<string, ApplicationFile>()
  const faults: ErrorDetails[] = []
  const read = async (named: string, path: Path): Promise<string> => {
    try {
      const file = await readApplicationFile(root, named)
      files.set(file.path, file)
      return file.path
    } catch (error) {
      faults.push(fileFault(error, formatPath(path)))
      return named
    }
  }
  const copy = structuredClone(manifest)
  for (const [name, job] of Object.entries(copy.spec.jobs)) {
    const { source, process, prepare } = job
    const path: Path = ['spec', 'jobs', name]
    if (typeof prepare === 'string') job.prepare = await read(prepare, [...path, 'prepare'])
    else if (prepare !== undefined && 'file' in prepare)
      prepare.file = await read(prepare.file, [...path, 'prepare', 'file'])
    if (source.queryFile !== undefined)
      source.queryFile = await read(source.queryFile, [...path, 'source', 'queryFile'])
    for (const [index, step] of process.entries()) {
      if ('map' in step) step.map = await read(step.map, [...path, 'process', index, 'map'])
      if ('validate' in step)
        step.validate.schema = await read(step.validate.schema, [
          ...path,
          'process',
          index,
          'validate',
          'schema',
        ])
    }
  }
  return { manifest: copy, files, faults }
}
