import { timingSafeEqual } from 'node:crypto'
import { isPlainPath, LINK_ROOT, type LinkClaims, linkPath, signatureOf } from './claims.ts'
import type { LinkKey } from './link-key.ts'
import { LONGEST_LINK } from './sign.ts'

export type Verified =
  | { readonly state: 'valid'; readonly claims: LinkClaims }
  /** Signed by this application, and over. */
  | { readonly state: 'expired'; readonly claims: LinkClaims }
  /** Not signed, signed by another key, changed, or written in another way than `sign` does. */
  | { readonly state: 'refused' }

/**
 * Verifies the address of a request as it came, undecoded.
 *
 * @param target  path and query, `request.url` of Node
 * @param keyOf   derives the key of the application that the link names
 * @param nowMs   epoch milliseconds
 */
export function verifyLinkPath(
  target: string,
  keyOf: (application: string) => LinkKey,
  nowMs: number,
): Verified {
  const read = readLink(target)
  if (read === undefined) return { state: 'refused' }
  const { claims, signature } = read
  const expected = signatureOf(keyOf(claims.application), claims)
  // first the signature, in constant time; then whether the address is the one that was signed
  if (!isSame(signature, expected) || target !== linkPath(claims, expected)) return { state: 'refused' }
  if (!isPlainPath(claims.path)) return { state: 'refused' }
  return { state: claims.expiresAt * 1000 > nowMs ? 'valid' : 'expired', claims }
}

/** What the address says, before anything of it is believed. */
function readLink(target: string): { readonly claims: LinkClaims; readonly signature: string } | undefined {
  if (target.length > LONGEST_LINK || !target.startsWith(`${LINK_ROOT}/`)) return undefined
  const [path = '', query = '', ...more] = target.split('?')
  if (more.length > 0) return undefined
  const parts = path
    .slice(LINK_ROOT.length + 1)
    .split('/')
    .map(decoded)
  const [application, folderId, ...rest] = parts
  const fields = new Map(query.split('&').map((pair) => pair.split('=', 2) as [string, string | undefined]))
  const fileName = decoded(fields.get('name'))
  const contentType = decoded(fields.get('type'))
  const expires = fields.get('expires')
  const signature = fields.get('signature')
  if (
    application === undefined ||
    folderId === undefined ||
    rest.length === 0 ||
    rest.includes(undefined) ||
    fileName === undefined ||
    contentType === undefined ||
    signature === undefined ||
    expires === undefined ||
    !/^\d{1,12}$/.test(expires)
  ) {
    return undefined
  }
  return {
    claims: {
      application,
      folderId,
      path: rest.join('/'),
      expiresAt: Number(expires),
      fileName,
      contentType,
    },
    signature,
  }
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function isSame(signature: string, expected: string): boolean {
  const a = Buffer.from(signature)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
