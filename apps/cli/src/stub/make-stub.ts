import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApplicationManifest, Job } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { makeBundle, unpackBundle } from '@bulkhead/engine/application/bundle'
import { lockOf, writeLock } from '@bulkhead/engine/application/lock'
import { readExamples } from '../consumer/examples.ts'
import { type StubDefaults, writeStubFile } from './stub-file.ts'
import { stubManifest, type StubSurroundings } from './stub-manifest.ts'

export interface MadeStub {
  /** Its sub-folder is the application that a server serves. */
  readonly applicationsFolder: string
  readonly notices: readonly string[]
}

/**
 * Makes the application that a stub serves, in a folder of its own: the bundle of the real one, with another manifest and its
 * examples beside it.
 *
 * @param application  with local stores
 * @throws BulkheadError what reading tests and files throws
 */
export async function makeStub(
  application: Application,
  catalog: Catalog,
  { defaults, ...surroundings }: StubSurroundings & { readonly defaults: StubDefaults },
): Promise<MadeStub> {
  const applicationsFolder = join(surroundings.folder, 'applications')
  const own = join(applicationsFolder, application.name)
  const { manifest, folders, notices } = stubManifest(application.manifest, surroundings)
  const examples = await readExamples(application, catalog)
  await mkdir(own, { recursive: true, mode: 0o700 })
  for (const folder of folders) await mkdir(folder, { recursive: true })
  await unpackBundle(await makeBundle(application), own)
  // the manifest has its overlay in it
  await rm(join(own, 'environments'), { recursive: true, force: true })
  await writeLock(own, lockOf({ ...application, manifest }, catalog))
  await writeFile(join(own, 'application.yaml'), JSON.stringify(manifest, undefined, 2))
  await writeStubFile(own, {
    application: application.name,
    examples,
    preparedByEndpoint: jobsThat(manifest, ({ prepare }) => typeof prepare === 'object' && 'url' in prepare),
    leavingOut: jobsThat(manifest, ({ process }) =>
      process.some((step) => 'validate' in step && step.validate.onInvalid === 'skip'),
    ),
    defaults,
  })
  const known = new Set(examples.map(({ job }) => job))
  const without = jobsThat(manifest, (_, name) => !known.has(name))
  return {
    applicationsFolder,
    notices: [
      ...without.map(
        (job) => `The job "${job}" has no example: its runs fail with example-missing until tests/ has one`,
      ),
      ...notices,
    ],
  }
}

function jobsThat(
  { spec }: ApplicationManifest,
  fits: (job: Job, name: string) => boolean,
): readonly string[] {
  return Object.entries(spec.jobs).flatMap(([name, job]) => (fits(job, name) ? [name] : []))
}
