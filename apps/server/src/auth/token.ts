import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `bh_<id>_<secret>`: the id is public and stands in lists; the secret has 32 random bytes. */
const form = /^bh_([a-z0-9]{16})_[A-Za-z0-9_-]{43}$/

export interface NewToken {
  readonly id: string
  /** Told once, and kept nowhere. */
  readonly token: string
  /** What is kept: of 256 random bits no slower digest is needed. */
  readonly sha256: string
}

export function newToken(): NewToken {
  const id = randomBytes(8).toString('hex')
  const token = `bh_${id}_${randomBytes(32).toString('base64url')}`
  return { id, token, sha256: tokenDigest(token) }
}

export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** @returns the token's id; undefined for what has not its form, which nobody needs to look up */
export function tokenId(token: string): string | undefined {
  return form.exec(token)?.[1]
}

/** Compares digests in a time that does not depend on where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
