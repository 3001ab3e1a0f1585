import type { RevisionFault } from '../repository/revision-keeping.ts'

/** What somebody wants served and cannot be: a revision, or what a folder holds and is none. Alone: nothing else suffers (I7). */
export interface NotServed extends Partial<RevisionFault> {
  /** Undefined when not even the name can be read. */
  readonly name: string | undefined
  /** Of this machine, where it lies. */
  readonly folder?: string
  readonly code: string
  readonly message: string
}
