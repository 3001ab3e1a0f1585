import { resolve } from 'node:path'
import type { FlagValue } from '@bulkhead/connector-sdk'
import { didYouMean, fault, formatPath } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { builtinApplication } from './builtin-application.ts'

/** Which application runs, and with what the platform decides about it. */
export interface ApplicationChoice {
  /** Absolute; undefined: the built-in application of ad hoc requests. */
  readonly folder: string | undefined
  /** `environments/NAME.yaml`. */
  readonly environment?: string | undefined
  /** Absolute; results go below it, whatever store the application names. */
  readonly out?: string | undefined
  /** In place of the flags of the same name: tests say how they stand. */
  readonly flags?: Readonly<Record<string, FlagValue>> | undefined
  /** Where the command was started: what a request of the built-in application names is relative to it. */
  readonly workingFolder: string
  /** Variables of the process. `BULKHEAD_ALLOW_LOOPBACK=1` opens this machine to the application. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

export interface OpenedApplication {
  readonly application: Application
  /** Settings with relative paths start here. */
  readonly baseFolder: string
  readonly isBuiltin: boolean
}

/** @throws BulkheadError as `readApplication` does; `manifest-invalid` for a flag that is not declared */
export async function openApplication(choice: ApplicationChoice): Promise<OpenedApplication> {
  const { folder, workingFolder, out } = choice
  const read = folder === undefined ? builtinApplication(choice) : await readFrom(folder, choice)
  const set = withFlags(read, choice.flags ?? {})
  const application = out === undefined ? set : withStoresIn(set, resolve(workingFolder, out))
  return { application, baseFolder: read.folder, isBuiltin: folder === undefined }
}

async function readFrom(folder: string, { environment, variables }: ApplicationChoice): Promise<Application> {
  // the built-in application needs no YAML, and its runs do not load it
  const { readApplication } = await import('@bulkhead/engine/application/read-application')
  const allowLoopback = variables['BULKHEAD_ALLOW_LOOPBACK'] === '1'
  return readApplication(folder, { environment, variables, allowLoopback })
}

function withFlags(application: Application, flags: Readonly<Record<string, FlagValue>>): Application {
  const { manifest } = application
  const declared = Object.keys(manifest.spec.flags)
  for (const name of Object.keys(flags))
    if (!declared.includes(name))
      throw fault(
        'manifest-invalid',
        `The application declares no flag ${formatPath([name])}${didYouMean(name, declared)}`,
        { path: formatPath(['flags', name]), fix: 'Declare it under spec.flags, or correct the name' },
      )
  const spec = { ...manifest.spec, flags: { ...manifest.spec.flags, ...flags } }
  return { ...application, manifest: { ...manifest, spec } }
}

/** Every store is a local folder: who tries an application out writes nothing into its bucket. */
function withStoresIn(application: Application, folder: string): Application {
  const { manifest } = application
  const store = { connector: 'files', config: { folder, createFolder: true } }
  const names = Object.keys(manifest.spec.stores)
  const stores = Object.fromEntries((names.length === 0 ? ['out'] : names).map((name) => [name, store]))
  return { ...application, manifest: { ...manifest, spec: { ...manifest.spec, stores } } }
}
