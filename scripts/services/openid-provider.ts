/**
 * An OpenID provider for tests, as a process of its own, on the loopback port that is its argument. Anyone may
 * register a client, and remove it again; access tokens are signed JWTs that live for some seconds.
 */
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const port = Number(process.argv[2])
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = { ...privateKey.export({ format: 'jwk' }), kid: 'tests', use: 'sig', alg: 'RS256' }
const scope = 'read'
const tokenSeconds = 10 // a test sees one expire

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [key] },
  scopes: [scope],
  clientDefaults: { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
  ttl: { ClientCredentials: tokenSeconds },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:bulkhead:tests',
      getResourceServerInfo: (_context, resource) => ({
        scope,
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: tokenSeconds,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
})
provider.listen(port, '127.0.0.1')
