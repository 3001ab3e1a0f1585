import type { ServedFolder } from './served-folder.ts'

/**
 * What a run may sign, as plain data that crosses to its process: the key of one application, and
 * the folders that were registered for it. The key is a secret of that application.
 */
export interface LinkGrant {
  readonly application: string
  /** base64url. */
  readonly key: string
  readonly folders: readonly ServedFolder[]
  /** Where the file server is reached. */
  readonly baseUrl: string
  /** By which the server with the same master key is recognised. */
  readonly serverKey: string
  /** Whoever grants serves the links itself: nobody has to ask whether somebody does. */
  readonly isServed?: boolean | undefined
}
