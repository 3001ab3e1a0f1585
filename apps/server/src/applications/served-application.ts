import type { Bundle } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import type { Destinations } from '../repository/repository.ts'

/** One revision of an application, as the server serves it. */
export interface ServedApplication {
  readonly application: Application
  /** Digest of the bundle. */
  readonly revision: string
  readonly bundle: Bundle
  /** Where settings with relative paths start. */
  readonly baseFolder: string
  readonly destinations: Destinations
}

export function servedApplication(
  application: Application,
  bundle: Bundle,
  baseFolder: string,
): ServedApplication {
  return {
    application,
    revision: bundle.digest,
    bundle,
    baseFolder,
    destinations: destinationsOf(application),
  }
}

function destinationsOf({ manifest }: Application): Destinations {
  const replies = Object.entries(manifest.spec.replies)
  const wanting = (message: 'accepted' | 'progress'): readonly string[] =>
    replies.filter(([, { messages }]) => messages.includes(message)).map(([name]) => name)
  return {
    outcome: replies.map(([name]) => name),
    accepted: wanting('accepted'),
    progress: wanting('progress'),
  }
}
