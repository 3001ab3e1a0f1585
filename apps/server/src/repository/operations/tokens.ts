import type { Selectable } from 'kysely'
import type { Scope } from '../operation.ts'
import type { Actor, TokenRecord } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { writeEvents } from './write-event.ts'

/** Only the digest of a token is kept. */
export async function addToken(
  scope: Scope,
  { token, actor }: { readonly token: TokenRecord; readonly actor: Actor },
): Promise<void> {
  const added = await scope.db
    .insertInto('tokens')
    .values({
      id: token.id,
      name: token.name,
      sha256: token.sha256,
      scopes: JSON.stringify(token.scopes),
      created_at: token.createdAtMs,
      expires_at: token.expiresAtMs ?? null,
      revoked_at: token.revokedAtMs ?? null,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added === undefined) return
  await writeEvents(scope, [
    { type: 'token-made', actor, data: { id: token.id, name: token.name, scopes: token.scopes } },
  ])
}

export async function tokenByHash({ db }: Scope, sha256: string): Promise<TokenRecord | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('sha256', '=', sha256).executeTakeFirst()
  return row && tokenOf(row)
}

export async function tokens({ db }: Scope): Promise<TokenRecord[]> {
  const rows = await db.selectFrom('tokens').selectAll().orderBy('created_at').orderBy('id').execute()
  return rows.map(tokenOf)
}

export async function revokeToken(
  scope: Scope,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<boolean> {
  const { db, nowMs } = scope
  const revoked = await db
    .updateTable('tokens')
    .set({ revoked_at: nowMs })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('name')
    .executeTakeFirst()
  if (revoked === undefined) return false
  await writeEvents(scope, [{ type: 'token-revoked', actor, data: { id, name: revoked.name } }])
  return true
}

function tokenOf(row: Selectable<Tables['tokens']>): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    sha256: row.sha256,
    scopes: JSON.parse(row.scopes) as string[],
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at ?? undefined,
    revokedAtMs: row.revoked_at ?? undefined,
  }
}
