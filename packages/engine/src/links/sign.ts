import { isPlainPath, type LinkClaims, linkPath, signatureOf } from './claims.ts'
import type { LinkKey } from './link-key.ts'

/** What a server takes as an address; beyond it, names are an accident. */
export const LONGEST_LINK = 4096

/**
 * Signs a link of the key's own application.
 * @returns the address without base: `/files/<application>/<folder>/<path>?...`
 */
export function signLinkPath(key: LinkKey, claims: Omit<LinkClaims, 'application'>): string {
  const all: LinkClaims = {
    ...claims,
    application: key.application,
    fileName: claims.fileName.toWellFormed(),
    contentType: mediaTypeOf(claims.contentType),
  }
  if (!isPlainPath(all.path) || !Number.isSafeInteger(all.expiresAt)) {
    throw new Error('A link was asked for that no server would serve')
  }
  const path = linkPath(all, signatureOf(key, all))
  if (path.length > LONGEST_LINK) throw new Error(`A link is longer than ${LONGEST_LINK} characters`)
  return path
}

/** Goes into a header as it is, so that it must be what it claims. @see RFC 9110, 8.3.1 */
function mediaTypeOf(text: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}(; ?[\w-]{1,40}=[\w.+-]{1,60}){0,4}$/.test(text)
    ? text
    : 'application/octet-stream'
}
