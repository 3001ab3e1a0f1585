import type { ApplicationManifest, Path } from '@bulkhead/contract'

/** An application as it was read from its folder: everything that decides its behaviour, and nothing else. */
export interface Application {
  readonly name: string
  /** Absolute; undefined for one that has no folder. */
  readonly folder: string
  /** With the environment's overlay merged in and every `{ env: NAME }` resolved; secrets stay references. */
  readonly manifest: ApplicationManifest
  readonly environment: string | undefined
  /** Where a value of the manifest came out of a variable of the environment. */
  readonly variables: readonly EnvironmentValue[]
  /** The files that the manifest names (queries, maps, schemas), by their path in the folder. */
  readonly files: ReadonlyMap<string, ApplicationFile>
  readonly lock: LockFile | undefined
  /** What may be set otherwise by the platform only: the built-in application of a stand-alone run. */
  readonly platform: { readonly allowLoopback: boolean }
}

/** `{ env: NAME }`, at the place where its value stands now. */
export interface EnvironmentValue {
  readonly path: Path
  readonly name: string
}

export interface ApplicationFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly sha256: string
}

/** `application.lock.json`: the exact connectors that the application was made with. */
export interface LockFile {
  readonly lockfileVersion: 1
  readonly connectors: Readonly<Record<string, { readonly version: string; readonly integrity: string }>>
}

/** `{ secret: NAME }`, wherever a connector's settings have it. */
export interface SecretReference {
  readonly secret: string
}

export function isSecretReference(value: unknown): value is SecretReference {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 1 &&
    typeof (value as Record<string, unknown>)['secret'] === 'string'
  )
}
