import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bundle, fault } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { unpackBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { makePrivateFolder } from '@bulkhead/engine/links/state-folder'

/** Reads applications out of bundles. They lie on disk for as long as that takes: a repository keeps them. */
export interface BundleReader {
  /**
   * With the overlay that the bundle brings.
   * @param use  what needs its files; afterwards they are gone
   * @throws BulkheadError what `unpackBundle` and `readApplication` throw
   */
  open<T>(bundle: Bundle, use: (application: Application) => T | Promise<T>): Promise<T>
}

/** What a server that was killed left; no reading takes so long, milliseconds. */
const leftMs = 3_600_000

/** @param variables  of the server */
export async function createBundleReader(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<BundleReader> {
  await makePrivateFolder(folder)
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Infinity }))
    if (mtimeMs < Date.now() - leftMs) await rm(join(folder, name), { recursive: true, force: true })
  }
  return {
    async open(bundle, use) {
      const own = await mkdtemp(join(folder, 'open-'))
      try {
        await unpackBundle(bundle, own)
        const overlay = Object.keys(bundle.files).find((path) => path.startsWith('environments/'))
        const application = await readApplication(own, {
          environment: overlay?.slice('environments/'.length, -'.yaml'.length),
          variables,
          allowLoopback: variables['BULKHEAD_ALLOW_LOOPBACK'] === '1',
        })
        return await use(application)
      } finally {
        await rm(own, { recursive: true, force: true, maxRetries: 3 })
      }
    },
  }
}

/** @throws BulkheadError also when the bundle is named after another application than it holds */
export async function openNamed(reader: BundleReader, bundle: Bundle): Promise<Application> {
  return await reader.open(bundle, (application) => {
    if (application.name === bundle.application) return application
    throw fault(
      'manifest-invalid',
      `The bundle is of "${bundle.application}", and its manifest of "${application.name}"`,
    )
  })
}
