/** Applications as folders, made for one test. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestDatabase } from './postgres.ts'
import type { TestBucket } from './s3.ts'

/** Parts of a manifest below `spec`, as plain data. */
export interface ApplicationSpec {
  readonly connections?: Readonly<Record<string, unknown>>
  readonly stores?: Readonly<Record<string, unknown>>
  readonly jobs?: Readonly<Record<string, unknown>>
  readonly policy?: Readonly<Record<string, unknown>>
  readonly replies?: Readonly<Record<string, unknown>>
  readonly triggers?: Readonly<Record<string, unknown>>
  readonly flags?: Readonly<Record<string, unknown>>
}

/**
 * Writes application.yaml and other files into a folder, and returns the folder.
 * @param files  by path in the folder
 */
export async function writeApplication(
  folder: string,
  name: string,
  spec: ApplicationSpec,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const manifest = {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Application',
    metadata: { name },
    spec: { owner: 'test', ...spec },
  }
  // JSON is YAML
  for (const [path, content] of Object.entries({
    'application.yaml': JSON.stringify(manifest, undefined, 2),
    ...files,
  })) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

/** A connection to a test's database, without a password. */
export function postgresConnection(
  { host, port, database, user }: TestDatabase,
  config: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { connector: 'postgres', config: { host, port, database, user, ...config } }
}

/** A store in a test's bucket; the secret key is `{ secret: NAME }`. */
export function s3Store(
  { bucket, endpoint, region, accessKeyId }: TestBucket,
  secret: string,
): Readonly<Record<string, unknown>> {
  return {
    connector: 's3',
    config: { bucket, endpoint, region, accessKeyId, forcePathStyle: true, secretAccessKey: { secret } },
  }
}
