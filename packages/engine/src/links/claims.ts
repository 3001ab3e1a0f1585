import { createHmac } from 'node:crypto'
import type { LinkKey } from './link-key.ts'

/** What a link says, all of it signed. */
export interface LinkClaims {
  readonly application: string
  /** Names a folder that was registered for the application, without telling where it is. */
  readonly folderId: string
  /** Below that folder, parts separated by `/`. */
  readonly path: string
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Name under which a browser saves the file. */
  readonly fileName: string
  readonly contentType: string
}

/** First part of the path of every link; what is behind it changes with the version of the scheme. */
export const LINK_ROOT = '/files'

/**
 * The address of a link without base, signed. Written in one way only: whatever reads it writes it
 * again and compares, so that no other spelling of a path exists (I7).
 */
export function linkPath(claims: LinkClaims, signature: string): string {
  const parts = [claims.application, claims.folderId, ...claims.path.split('/')].map(encoded).join('/')
  const query = [
    `expires=${claims.expiresAt}`,
    `name=${encoded(claims.fileName)}`,
    `type=${encoded(claims.contentType)}`,
    `signature=${signature}`,
  ]
  return `${LINK_ROOT}/${parts}?${query.join('&')}`
}

/** HMAC-SHA256 over every claim, base64url. */
export function signatureOf(key: LinkKey, claims: LinkClaims): string {
  return createHmac('sha256', key.bytes).update(signedText(claims)).digest('base64url')
}

/** A part of a path that could mean another part, or nothing. */
export function isPlainPath(path: string): boolean {
  return (
    !/[\\\p{Cc}]/u.test(path) &&
    path.isWellFormed() &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  )
}

/** JSON, because no claim can then run into the next. */
function signedText(claims: LinkClaims): string {
  const { application, folderId, path, expiresAt, fileName, contentType } = claims
  return JSON.stringify(['bulkhead link 1', application, folderId, path, expiresAt, fileName, contentType])
}

/** Percent-encodes all but the unreserved letters of RFC 3986, which no client or proxy touches. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
