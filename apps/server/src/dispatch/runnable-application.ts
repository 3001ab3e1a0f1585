import type { Bundle } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'

/** One revision of an application, as its runners need it. */
export interface RunnableApplication {
  readonly application: Application
  /** Digest of the bundle. */
  readonly revision: string
  readonly bundle: Bundle
  /** Where settings with relative paths start. */
  readonly baseFolder: string
}

/** The applications of this server. */
export interface RunnableApplications {
  /** What new requests are accepted with. */
  get(name: string): RunnableApplication | undefined
  /** What a run was accepted with; undefined when that revision is not kept here. */
  revision(name: string, revision: string): Promise<RunnableApplication | undefined>
  list(): readonly RunnableApplication[]
}
