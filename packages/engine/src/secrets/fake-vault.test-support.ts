import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/**
 * A FAKE of Vault's HTTP API, made from its documentation: no Vault can be had where the tests run. It knows reading
 * of KV version 2, and tokens that a token role makes, with policies that it holds against paths. Everything else
 * of a Vault is not tested by it.
 */
export interface FakeVault extends AsyncDisposable {
  readonly address: string
  /** Of the platform: may make tokens by the role `bulkhead`, and read everything. */
  readonly rootToken: string
  /** Secrets by path below the mount, each with its fields; null: the newest version was deleted. */
  readonly secrets: Map<string, Readonly<Record<string, unknown>> | null>
  /** Seconds that new tokens are valid. */
  leaseSeconds: number
  /** Instead of an answer. */
  broken:
    | { readonly status: number; readonly body?: string; readonly location?: string }
    | 'silent'
    | undefined
  /** What it was asked, in order: method, path, namespace. */
  readonly asked: string[]
}

const root = 'root'

export async function startFakeVault(): Promise<FakeVault> {
  /** Policies by token. */
  const tokens = new Map<string, readonly string[]>([[`hvs.${randomUUID()}`, [root]]])
  const server = createServer((request, response) => {
    void answer(request).then((given) => {
      if (given === undefined) return
      response.writeHead(given.status, given.location === undefined ? {} : { location: given.location })
      response.end(given.body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const vault: FakeVault = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rootToken: [...tokens.keys()][0] ?? '',
    secrets: new Map(),
    leaseSeconds: 3600,
    broken: undefined,
    asked: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  async function answer(request: IncomingMessage): Promise<Exclude<FakeVault['broken'], 'silent'>> {
    const { method = '', url = '', headers } = request
    vault.asked.push(`${method} ${url} ${String(headers['x-vault-namespace'] ?? '-')}`)
    const body = await text(request)
    if (vault.broken === 'silent') return undefined
    if (vault.broken !== undefined) return vault.broken
    const policies = tokens.get(String(headers['x-vault-token']))
    if (policies === undefined) return { status: 403, body: '{"errors":["permission denied"]}' }
    if (method === 'POST' && url === '/v1/auth/token/create/bulkhead') return newToken(policies, body)
    const [, path] = /^\/v1\/secret\/data\/(.+)$/.exec(url) ?? []
    if (method !== 'GET' || path === undefined) return { status: 404, body: '{"errors":[]}' }
    const [prefix, application] = path.split('/')
    const allowed =
      policies.includes(root) || (prefix === 'bulkhead' && policies.includes(`bulkhead-${application}`))
    if (!allowed) return { status: 403, body: '{"errors":["1 error occurred: permission denied"]}' }
    const fields = vault.secrets.get(path)
    if (fields === undefined) return { status: 404, body: '{"errors":[]}' }
    const metadata = { version: 1, deletion_time: fields === null ? '2026-01-01T00:00:00Z' : '' }
    return { status: fields === null ? 404 : 200, body: JSON.stringify({ data: { data: fields, metadata } }) }
  }

  function newToken(
    policies: readonly string[],
    body: string,
  ): { readonly status: number; readonly body: string } {
    if (!policies.includes(root)) return { status: 403, body: '{"errors":["permission denied"]}' }
    const asked = JSON.parse(body) as {
      readonly policies: readonly string[]
      readonly no_default_policy: boolean
    }
    // what the role allows: `allowed_policies_glob=bulkhead-*`
    if (!asked.policies.every((policy) => policy.startsWith('bulkhead-')))
      return { status: 400, body: '{"errors":["token policies are not a subset of the role"]}' }
    const token = `hvs.${randomUUID()}`
    tokens.set(token, asked.policies)
    return {
      status: 200,
      body: JSON.stringify({ auth: { client_token: token, lease_duration: vault.leaseSeconds } }),
    }
  }

  return vault
}
