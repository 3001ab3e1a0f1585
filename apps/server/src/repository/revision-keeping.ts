import type { Actor, Page, RepositoryEvent } from './repository.ts'

/** Applications: which revision of each is current, on all servers of the repository, and which there were. */
export interface RevisionKeeping {
  /** All applications that were ever accepted, each with the revision that is current. */
  applicationHeads(): Promise<readonly ApplicationHead[]>
  /** Keeps a revision, and makes it current; one that is known already is made current again. */
  applyRevision(revision: NewRevision): Promise<RevisionApplied>
  /** Several applications: all of it, or nothing when one of them was changed meanwhile. */
  applyChange(change: NewChange): Promise<ChangeResult>
  /** What happened to an application, and not to its runs; newest first. */
  applicationEvents(query: {
    readonly application: string
    /** Sequence number. */
    readonly before?: number
    readonly most: number
  }): Promise<Page<RepositoryEvent>>
  /** Makes a kept revision current: the way back. @returns `unknown` when there is none of that number */
  makeRevisionCurrent(wanted: WantedRevision): Promise<RevisionApplied>
  /** It does not start: what was current before it is again, if there was one. */
  setRevisionAside(aside: RevisionAside): Promise<SetAsideResult>
  /** A run of it has completed: it is not set aside any more, for whatever befalls it later is no fault of its start. */
  revisionWorks(application: string, digest: string): Promise<void>
  /** Puts applications on an engine: all of them, or none when one is unknown or was moved meanwhile. */
  setEngines(rollout: NewRollout): Promise<RolloutResult>
  /** Its engine does not work: each server's own is used again. @returns false when it is on another one by now */
  setEngineAside(aside: EngineAside): Promise<boolean>
  /** Takes no more requests; its revisions and runs stay. */
  removeApplication(application: string, actor: Actor): Promise<boolean>
  /** Newest first. */
  revisions(query: {
    readonly application: string
    readonly before?: number
    readonly most: number
  }): Promise<Page<RevisionRecord>>
  /** The bundle as JSON, by its digest. */
  revisionBundle(application: string, digest: string): Promise<string | undefined>
}

/** What an application is now. */
export interface ApplicationHead {
  readonly application: string
  /** Of the revision that is current, or was when it was removed. */
  readonly number: number
  readonly digest: string
  readonly state: 'serving' | 'removed'
  readonly origin: RevisionOrigin
  readonly changedAtMs: number
  /** What was set aside since another one was wanted: a later revision, or this one when there is none to go back to. */
  readonly aside: RevisionFault | undefined
  /** Name of the engine that it was put on; undefined: each server's own. */
  readonly engine: string | undefined
  /** The engine that it was taken from since somebody last decided. */
  readonly engineAside: EngineFault | undefined
}

/** An engine, and why it does not work. */
export interface EngineFault {
  readonly engine: string
  readonly code: string
  readonly message: string
}

export interface NewRollout {
  /** Each with the engine that it is on, as far as the caller knows; null: each server's own. */
  readonly applications: readonly { readonly application: string; readonly before: string | null }[]
  readonly engine: string | null
  readonly actor: Actor
}

export type RolloutResult =
  | { readonly is: 'rolled-out'; readonly moved: readonly string[] }
  /** One of them is not there, or on another engine than was said. Nothing was changed. */
  | { readonly is: 'unknown' | 'stale'; readonly application: string }

export interface EngineAside extends EngineFault {
  readonly application: string
  readonly actor: Actor
}

/** A revision, and why it does not work. */
export interface RevisionFault {
  readonly number: number
  readonly digest: string
  readonly code: string
  readonly message: string
}

/** Who brought it: a folder that a server watches, or a caller of the API. */
export type RevisionOrigin = 'folder' | 'api'

export interface NewRevision {
  readonly application: string
  readonly digest: string
  /** As JSON. */
  readonly bundle: string
  readonly origin: RevisionOrigin
  readonly actor: Actor
  /** Digest of what has to be current, null: nothing; else it is stale. Undefined: whatever is. */
  readonly expected?: string | null
  /** What of it is another than before, for the history. */
  readonly changed?: readonly string[] | undefined
}

export interface NewChange {
  readonly revisions: readonly NewRevision[]
  readonly removals: readonly { readonly application: string; readonly expected?: string | null }[]
  /** Who removes. */
  readonly actor: Actor
}

export type ChangeResult =
  | {
      readonly is: 'applied'
      /** In their order. */
      readonly applied: readonly { readonly is: 'applied' | 'unchanged'; readonly head: ApplicationHead }[]
      /** Without those that were not served. */
      readonly removed: readonly string[]
    }
  /** Something else of this application became current meanwhile. Nothing was changed. */
  | { readonly is: 'stale'; readonly application: string }

export interface WantedRevision {
  readonly application: string
  readonly number: number
  readonly actor: Actor
  readonly expected?: string | null
  readonly changed?: readonly string[] | undefined
}

export type RevisionApplied =
  | { readonly is: 'applied' | 'unchanged'; readonly head: ApplicationHead }
  /** Something else became current meanwhile. */
  | { readonly is: 'stale'; readonly current: string | undefined }
  | { readonly is: 'unknown' }

export interface RevisionAside {
  readonly application: string
  readonly digest: string
  readonly code: string
  readonly message: string
  readonly actor: Actor
}

/**
 * `went-back`: the one before it is current; `no-other`: there is none, it stays; `not-current`: another server was
 * first, or somebody decided otherwise; `works`: a run of it has completed.
 */
export type SetAsideResult = 'went-back' | 'no-other' | 'not-current' | 'works'

export interface RevisionRecord {
  readonly application: string
  /** Counts the revisions of the application, from 1. */
  readonly number: number
  readonly digest: string
  readonly origin: RevisionOrigin
  readonly actor: Actor
  /** When it was accepted first. */
  readonly acceptedAtMs: number
  readonly isCurrent: boolean
  /** Why it was set aside. */
  readonly fault: { readonly code: string; readonly message: string } | undefined
}
