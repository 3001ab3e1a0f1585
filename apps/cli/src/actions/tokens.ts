import { z } from '@bulkhead/connector-sdk'
import { parseDuration, type TokenBody, tokenListSchema, tokenMadeSchema } from '@bulkhead/contract'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { renderTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** The token alone on standard output, so that a script can take it. */
export async function createToken(
  name: string,
  options: ServerOptions & { readonly scope: readonly string[]; readonly expires?: string },
  terminal: Terminal,
): Promise<Answer> {
  const { scope, expires } = options
  const client = await serverClient(options, terminal)
  const body: TokenBody = {
    name,
    scopes: [...scope],
    ...(expires !== undefined && { expiresInSeconds: Math.floor(parseDuration(expires) / 1000) }),
  }
  const made = await client.call('POST', '/tokens', tokenMadeSchema, { body })
  return { value: made, text: () => made.token }
}

export async function listTokens(options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  const list = await client.call('GET', '/tokens', tokenListSchema)
  return {
    value: list,
    text: (style, columns) =>
      renderTable(
        [{ title: 'id' }, { title: 'name' }, { title: 'scopes' }, { title: 'created' }, { title: 'state' }],
        list.items.map(({ id, name, scopes, createdAt, expiresAt, revokedAt }) => [
          id,
          name,
          scopes.join(', '),
          createdAt.slice(0, 10),
          revokedAt !== undefined
            ? `revoked ${revokedAt.slice(0, 10)}`
            : expiresAt === undefined
              ? 'valid'
              : `${Date.parse(expiresAt) > Date.now() ? 'valid until' : 'expired'} ${expiresAt.slice(0, 10)}`,
        ]),
        style,
        columns,
      ),
  }
}

export async function revokeToken(id: string, options: ServerOptions, terminal: Terminal): Promise<Answer> {
  const client = await serverClient(options, terminal)
  await client.call('DELETE', `/tokens/${encodeURIComponent(id)}`, z.undefined())
  return { value: { id, revoked: true }, text: () => `The token ${id} is revoked` }
}
