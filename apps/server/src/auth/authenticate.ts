import { fault, isLoopback } from '@bulkhead/contract'
import type { Repository, TokenRecord } from '../repository/repository.ts'
import type { Caller } from './scopes.ts'
import { sameDigest, tokenDigest, tokenId } from './token.ts'

export interface AuthOptions {
  readonly repository: Pick<Repository, 'tokenByHash'>
  /** `off`: whoever reaches the server may do everything; see `refuseTokensOff`. */
  readonly tokens: 'required' | 'off'
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface Auth {
  readonly tokens: 'required' | 'off'
  /** Whether this token was looked up lately, so that a call with it costs the repository nothing. */
  knows(header: string | undefined): boolean
  /**
   * @param header  `Authorization`
   * @returns       undefined without a token
   * @throws BulkheadError `token-refused`; `repository-unavailable`
   */
  authenticate(header: string | undefined): Promise<Caller | undefined>
  /** A token was revoked here: it is forgotten at once. Other servers forget it within 5 s. */
  forget(id: string): void
}

/** A revoked token works this long on servers that did not revoke it; each call would cost a query otherwise. */
const REMEMBERED_MS = 5_000
const MOST_REMEMBERED = 10_000 // I8

const everybody: Caller = { actor: 'http', scopes: ['admin'], key: 'everybody' }

export function createAuth({ repository, tokens, now }: AuthOptions): Auth {
  const known = new Map<string, { readonly record: TokenRecord; readonly until: number }>()

  const lookUp = async (digest: string): Promise<TokenRecord | undefined> => {
    const remembered = known.get(digest)
    if (remembered !== undefined && remembered.until > now()) return remembered.record
    known.delete(digest)
    const record = await repository.tokenByHash(digest)
    if (record === undefined || !sameDigest(record.sha256, digest)) return undefined
    if (known.size >= MOST_REMEMBERED) known.delete(known.keys().next().value ?? '')
    known.set(digest, { record, until: now() + REMEMBERED_MS })
    return record
  }

  return {
    tokens,
    knows(header) {
      const token = bearerOf(header)
      return token !== undefined && (known.get(tokenDigest(token))?.until ?? 0) > now()
    },
    async authenticate(header) {
      if (tokens === 'off') return everybody
      if (header === undefined) return undefined
      const token = bearerOf(header)
      const record =
        token === undefined || tokenId(token) === undefined ? undefined : await lookUp(tokenDigest(token))
      if (record === undefined) throw fault('token-refused', 'The token is not known here')
      if (record.revokedAtMs !== undefined) throw fault('token-refused', 'The token was revoked')
      if (record.expiresAtMs !== undefined && record.expiresAtMs <= now())
        throw fault('token-refused', 'The token has expired')
      return { actor: `token:${record.name}`, scopes: record.scopes, key: `token:${record.id}` }
    },
    forget(id) {
      for (const [digest, { record }] of known) if (record.id === id) known.delete(digest)
    },
  }
}

/** @see RFC 9110, 11.4: the scheme's name is case-insensitive */
function bearerOf(header: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header ?? '')?.[1]
}

/**
 * Without tokens whoever reaches the server may do everything, so only this machine may reach it.
 * @throws BulkheadError `tokens-off-refused`
 * @see RFC 1122, 3.2.1.3 (g); RFC 4291, 2.5.3
 */
export function refuseTokensOff(tokens: 'required' | 'off', host: string): void {
  if (tokens === 'required' || isLoopbackHost(host)) return
  throw fault('tokens-off-refused', `Other machines reach the address ${host}, and calls need no token`, {
    path: 'spec.auth.tokens',
  })
}

/** Whether an address to listen on, or the name in a URL, is of this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return isLoopback(host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=127\.)/, ''))
}
