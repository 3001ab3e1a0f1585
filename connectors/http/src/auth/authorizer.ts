import type { HttpRequest } from '../client/http-client.ts'
import type { AuthConfig } from '../config.ts'

/** Puts credentials into requests. */
export interface Authorizer {
  /** The request with credentials. May fetch a token first. */
  authorize(request: HttpRequest, signal: AbortSignal): Promise<HttpRequest>
  /** The API refused the credentials (401). @returns whether another try may help, because a token can be renewed */
  renew(): boolean
}

/** Credentials that do not change. */
export function fixedAuthorizer(auth: Exclude<AuthConfig, { type: 'oauth2' }>): Authorizer {
  const apply = fixedCredentials(auth)
  return { authorize: (request) => Promise.resolve(apply(request)), renew: () => false }
}

function fixedCredentials(
  auth: Exclude<AuthConfig, { type: 'oauth2' }>,
): (request: HttpRequest) => HttpRequest {
  switch (auth.type) {
    case 'none':
      return (request) => request
    case 'basic': {
      const value = `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}`
      return (request) => withHeader(request, 'authorization', value)
    }
    case 'bearer':
      return (request) => withHeader(request, 'authorization', `Bearer ${auth.token}`)
    case 'apiKey':
      if (auth.in === 'header') return (request) => withHeader(request, auth.name.toLowerCase(), auth.value)
      return (request) => {
        const url = new URL(request.url)
        // Set, not added: the address of a next page may have it already.
        url.searchParams.set(auth.name, auth.value)
        return { ...request, url }
      }
    default:
      return auth satisfies never
  }
}

export function withHeader(request: HttpRequest, name: string, value: string): HttpRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}
