import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A token that nobody can guess. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Whoever brings a token, and what it is good for. */
export interface TokenBook<T> {
  add(token: string, holder: T): void
  /** Undefined for one that was not issued, or was withdrawn. */
  holderOf(authorization: string | undefined): T | undefined
  withdraw(isMeant: (holder: T) => boolean): void
}

/** Tokens of one server's life, known by their digests: how long a look-up takes says nothing of a token. */
export function createTokenBook<T>(): TokenBook<T> {
  const holders = new Map<string, { readonly digest: Buffer; readonly holder: T }>()
  return {
    add(token, holder) {
      const digest = digestOf(token)
      holders.set(digest.toString('hex'), { digest, holder })
    },
    holderOf(authorization) {
      const [, token] = /^Bearer ([\w-]{1,100})$/.exec(authorization ?? '') ?? []
      if (token === undefined) return undefined
      const digest = digestOf(token)
      const found = holders.get(digest.toString('hex'))
      return found !== undefined && timingSafeEqual(found.digest, digest) ? found.holder : undefined
    },
    withdraw(isMeant) {
      for (const [key, { holder }] of holders) if (isMeant(holder)) holders.delete(key)
    },
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
