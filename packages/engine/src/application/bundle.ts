import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Bundle, bundleSchema, fault } from '@bulkhead/contract'
import type { Application, ApplicationFile } from './application.ts'
import { applicationPath, readApplicationFile } from './application-files.ts'
import { canonicalJson } from './canonical-json.ts'
import { codeFiles } from './code-files.ts'

/** More is data, and belongs into a store. */
export const bundleBytes = 32 * 1024 * 1024

/**
 * An application as one piece: the manifest, the overlay that was chosen, the lock, the files that the manifest names, and all
 * code beside what its jobs run. A run is held to the bundle that it was accepted with, whatever becomes of the folder (D5).
 *
 * @throws BulkheadError `manifest-unreadable` when it is larger than 32 MiB; what reading a file throws
 */
export async function makeBundle(application: Application): Promise<Bundle> {
  const { folder, environment, lock } = application
  const own = [
    'application.yaml',
    ...(environment === undefined ? [] : [`environments/${environment}.yaml`]),
    ...(lock === undefined ? [] : ['application.lock.json']),
  ]
  const read: ApplicationFile[] = await Promise.all(own.map((path) => readApplicationFile(folder, path)))
  const all = [...read, ...application.files.values(), ...(await codeFiles(application))]
  const bytes = all.reduce((sum, file) => sum + file.bytes.length, 0)
  if (bytes > bundleBytes)
    throw fault(
      'manifest-unreadable',
      `The files of the application are larger than ${bundleBytes / 1024 / 1024} MiB`,
      {
        fix: 'Keep data in a store; an application holds queries, code and schemas',
      },
    )
  const files = Object.fromEntries(
    all.map(({ path, bytes: content }) => [path, Buffer.from(content).toString('base64')]),
  )
  return { application: application.name, digest: bundleDigest(application.name, files), files }
}

/**
 * Writes a bundle into an empty folder, from which `readApplication` reads it.
 * @throws BulkheadError `manifest-unreadable` when it is not what its digest says
 */
export async function unpackBundle(bundle: unknown, folder: string): Promise<void> {
  const { application, digest, files } = bundleSchema.parse(bundle)
  if (digest !== bundleDigest(application, files))
    throw fault('manifest-unreadable', `The bundle of "${application}" is not what its digest says`)
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, applicationPath(path))
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, Buffer.from(content, 'base64'))
  }
}

function bundleDigest(application: string, files: Bundle['files']): string {
  return createHash('sha256').update(canonicalJson({ application, files })).digest('hex')
}
