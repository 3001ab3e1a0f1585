/** A client of its own for a test, on a real OpenID provider. */
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestClient {
  readonly issuer: string
  /** Where tokens are asked for. */
  readonly tokenUrl: string
  /** Tells of a token whether it is valid: a POST of `token`, by the client. */
  readonly introspectionUrl: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the client may ask for. */
  readonly scope: string
}

/** How a client says who it is: by HTTP basic, or in the body. */
export type ClientMethod = 'client_secret_basic' | 'client_secret_post'

interface Discovery {
  readonly token_endpoint: string
  readonly introspection_endpoint: string
  readonly registration_endpoint?: string
}

/**
 * Registers a client for the grant `client_credentials`, and removes it when the scope is over. A provider that
 * registers nobody has to be given with a client (`clientId`, `clientSecret`, `scope`), which is then the one of all tests.
 */
export async function createClient(
  scope: Scope,
  method: ClientMethod = 'client_secret_basic',
): Promise<TestClient> {
  const server = JSON.parse(serverVariable('oidc')) as Partial<TestClient> & { readonly issuer: string }
  const discovery = (await json(`${server.issuer}/.well-known/openid-configuration`)) as Discovery
  const provider = {
    issuer: server.issuer,
    tokenUrl: discovery.token_endpoint,
    introspectionUrl: discovery.introspection_endpoint,
  }
  if (server.clientId !== undefined) {
    const { clientId, clientSecret = '', scope: allowed = '' } = server
    return { ...provider, clientId, clientSecret, scope: allowed }
  }
  const client = (await json(discovery.registration_endpoint ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token_endpoint_auth_method: method,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    }),
  })) as Readonly<
    Record<'client_id' | 'client_secret' | 'registration_client_uri' | 'registration_access_token', string>
  >
  afterwards(scope, async () => {
    await json(client.registration_client_uri, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${client.registration_access_token}` },
    })
  })
  return { ...provider, clientId: client.client_id, clientSecret: client.client_secret, scope: 'read' }
}

async function json(url: string, request?: RequestInit): Promise<unknown> {
  const answer = await fetch(url, request)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
