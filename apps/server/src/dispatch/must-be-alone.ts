import { sep } from 'node:path'
import { readRequest, type Request, runsCode } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import type { ClaimedRun } from '../repository/repository.ts'

/**
 * Whether a run gets a process that ends with it: it brings a source of its own, which may have credentials (I6), its
 * job runs code of the application, it uses a connector that did not come with the platform, its application asks for it, or its
 * process died before: then it takes no other run with it again. That its server died is no fault of it.
 *
 * @param foreignRoots  folders of connectors that did not come with the platform
 */
export function mustBeAlone(
  { run, body }: ClaimedRun,
  application: Application,
  catalog: Catalog,
  foreignRoots: readonly string[],
): boolean {
  if (run.deaths > 0) return true
  const request = requestOf(body)
  // what cannot be read fails in its runner, in words for its requester
  if (request === undefined) return application.manifest.spec.isolation === 'run'
  return requestMustBeAlone(request, application, catalog, foreignRoots)
}

/** The same before there is a run. */
export function requestMustBeAlone(
  { data: { job, source } }: Pick<Request, 'data'>,
  application: Application,
  catalog: Catalog,
  foreignRoots: readonly string[],
): boolean {
  if (application.manifest.spec.isolation === 'run') return true
  if (source !== undefined && 'connector' in source) return true
  return (
    (job !== undefined && jobRunsCode(application, job)) || usesForeign(application, catalog, foreignRoots)
  )
}

/** Whether every run of the application needs a process of its own, as far as it is known before its request is. */
export function isAlwaysAlone(
  application: Application,
  catalog: Catalog,
  foreignRoots: readonly string[],
): boolean {
  const { isolation, jobs } = application.manifest.spec
  const names = Object.keys(jobs)
  return (
    isolation === 'run' ||
    (names.length > 0 && names.every((job) => jobRunsCode(application, job))) ||
    usesForeign(application, catalog, foreignRoots)
  )
}

function jobRunsCode({ manifest }: Application, name: string): boolean {
  const job = manifest.spec.jobs[name]
  return job !== undefined && runsCode(job)
}

function usesForeign({ manifest }: Application, catalog: Catalog, foreignRoots: readonly string[]): boolean {
  const { connections, stores } = manifest.spec
  const used = [...Object.values(connections), ...Object.values(stores)]
  return used.some(({ connector }) => {
    try {
      const { folder } = catalog.resolve(connector)
      return foreignRoots.some((root) => folder.startsWith(root + sep))
    } catch {
      return false // it is not installed: whoever needs it fails
    }
  })
}

function requestOf(body: string): Request | undefined {
  try {
    return readRequest(body)
  } catch {
    return undefined
  }
}
