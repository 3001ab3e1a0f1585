import { realpath } from 'node:fs/promises'
import type { Link, LinkRequest } from '@bulkhead/connector-sdk'
import type { LinkGrant } from './link-grant.ts'
import type { LinkKey } from './link-key.ts'
import { isServed } from './probe.ts'
import { pathBelow, type ServedFolder } from './served-folder.ts'
import { signLinkPath } from './sign.ts'

/** Where the file server is, when nothing else is said. */
export const DEFAULT_BASE_URL = 'http://127.0.0.1:7070'

export interface LinkSignerOptions {
  /** The key of one application: a runner has no other. */
  readonly key: LinkKey
  /** Folders that were registered for this application. */
  readonly folders: readonly ServedFolder[]
  /** What `BULKHEAD_FILES_URL` says, or `DEFAULT_BASE_URL`. */
  readonly baseUrl: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Whether anyone serves the links: `isServed` with the name of the master key, asked at most every ten seconds. */
  readonly isServed: () => Promise<boolean>
}

export type SignLink = (
  object: { readonly key: string; readonly path: string; readonly bytes: number },
  request: LinkRequest,
) => Promise<Link>

const ASKED_FOR_MS = 10_000

/**
 * Makes what `ConnectionContext.signLink` is for a local store. `object.path` is the absolute path of
 * the file, which must lie in one of the folders.
 */
export function createLinkSigner(options: LinkSignerOptions): SignLink {
  const base = options.baseUrl.replace(/\/+$/, '')
  let asked: { readonly atMs: number; readonly served: Promise<boolean> } | undefined
  return async (object, request) => {
    const nowMs = options.now()
    const place = await placeOf(options.folders, object.path)
    const expiresAt = Math.floor(nowMs / 1000) + Math.max(1, Math.floor(request.expiresInSeconds))
    const path = signLinkPath(options.key, {
      folderId: place.folder.id,
      path: place.path,
      expiresAt,
      fileName: request.fileName,
      contentType: request.contentType,
    })
    if (asked === undefined || nowMs - asked.atMs > ASKED_FOR_MS) {
      asked = { atMs: nowMs, served: options.isServed() }
    }
    const link = { url: base + path, expiresAtMs: expiresAt * 1000 }
    if (await asked.served) return link
    return { ...link, warning: `Nobody serves links at ${base}: start "bulkhead serve-files"` }
  }
}

/** The signer of a run that was granted links. @param now  epoch milliseconds */
export function signerOf(grant: LinkGrant, now: () => number): SignLink {
  const { application, baseUrl, folders, serverKey } = grant
  return createLinkSigner({
    key: { application, bytes: Buffer.from(grant.key, 'base64url') },
    folders,
    baseUrl,
    now,
    isServed: () => (grant.isServed === true ? Promise.resolve(true) : isServed(baseUrl, serverKey)),
  })
}

interface Place {
  readonly folder: ServedFolder
  readonly path: string
}

async function placeOf(folders: readonly ServedFolder[], path: string): Promise<Place> {
  const place =
    (await placeBelow(folders, path, async (folder) => folder)) ??
    // the store may have followed links on the way to its folder
    (await placeBelow(folders, await truePlace(path), truePlace))
  if (place !== undefined) return place
  throw new Error('A link was asked for a file outside the folders of this application')
}

async function placeBelow(
  folders: readonly ServedFolder[],
  path: string,
  placeOfFolder: (folder: string) => Promise<string>,
): Promise<Place | undefined> {
  for (const folder of folders) {
    const below = pathBelow(await placeOfFolder(folder.folder), path)
    if (below !== undefined) return { folder, path: below }
  }
  return undefined
}

/** Where a path leads; the path itself when there is nothing. */
function truePlace(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
