import { fault } from '@bulkhead/contract'
import type { Auth } from '../auth/authenticate.ts'
import { newToken } from '../auth/token.ts'
import type { Repository, TokenRecord } from '../repository/repository.ts'
import { type Handlers, ok } from './call.ts'
import { tokenView } from './views.ts'

/** Tokens, by administrators. Making and revoking them are events of the repository. */
export function tokenHandlers(
  repository: Pick<Repository, 'tokens' | 'addToken' | 'revokeToken'>,
  auth: Pick<Auth, 'forget'>,
  now: () => number,
): Handlers<'listTokens' | 'createToken' | 'revokeToken'> {
  return {
    async listTokens() {
      return ok({ items: (await repository.tokens()).map(tokenView) })
    },
    async createToken({ body, caller }) {
      const { name, scopes, expiresInSeconds } = body()
      const { id, token, sha256 } = newToken()
      const record: TokenRecord = {
        id,
        name,
        sha256,
        scopes,
        createdAtMs: now(),
        expiresAtMs: expiresInSeconds === undefined ? undefined : now() + expiresInSeconds * 1000,
        revokedAtMs: undefined,
      }
      await repository.addToken(record, caller.actor)
      return { status: 201, body: { ...tokenView(record), token } }
    },
    async revokeToken({ params: { id }, caller }) {
      if (!(await repository.revokeToken(id, caller.actor)))
        throw fault('token-unknown', `There is no valid token with the id ${id}`)
      auth.forget(id)
      return { status: 204 }
    },
  }
}
