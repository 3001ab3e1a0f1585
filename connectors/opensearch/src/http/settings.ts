import { createSecureContext, type SecureContext } from 'node:tls'
import { readableMaterial } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { opensearchError } from '../errors.ts'

/** One address of the cluster, as `node:http` takes it. */
export interface Node {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** Begins every path; empty, or such as `/search`. */
  readonly basePath: string
  /** For messages: host and port. */
  readonly name: string
}

/** @throws BulkheadError `opensearch-settings-invalid` when an address is none */
export function nodesOf(config: Config): readonly Node[] {
  return config.nodes.map((written, index) => {
    const url = URL.parse(written)
    if (url === null) {
      throw opensearchError('opensearch-settings-invalid', 'An address of a node is none', {
        path: `config.nodes.${index}`,
        fix: 'Write an address such as https://search.internal:9200',
      })
    }
    const secure = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
    return {
      secure,
      host,
      port,
      basePath: url.pathname.replace(/\/+$/, ''),
      name: `${url.hostname}:${port}`,
    }
  })
}

/**
 * The header that says who asks; undefined when no header does.
 * @throws BulkheadError `opensearch-settings-invalid` when the settings say it twice, or by half
 */
export function authorizationOf({ user, password, token, apiKey, aws }: Config): string | undefined {
  const ways = Object.entries({ user, token, apiKey, aws }).filter(([, value]) => value !== undefined)
  const [first, second] = ways
  if (second !== undefined) {
    throw opensearchError(
      'opensearch-settings-invalid',
      `The settings have both ${first?.[0]} and ${second[0]}`,
      {
        path: `config.${second[0]}`,
        fix: 'Keep one of `user`, `token`, `apiKey` and `aws`',
      },
    )
  }
  if ((user === undefined) !== (password === undefined)) {
    throw opensearchError('opensearch-settings-invalid', 'User and password belong together', {
      path: user === undefined ? 'config.user' : 'config.password',
      fix: 'Set both `user` and `password`, or neither',
    })
  }
  if (user !== undefined) return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  if (token !== undefined) return `Bearer ${token}`
  return apiKey === undefined ? undefined : `ApiKey ${apiKey}`
}

/** @throws BulkheadError `opensearch-tls-settings` when a certificate or key cannot be read, or they do not fit */
export function secureContextOf({ tls: { ca, cert, key } }: Config): SecureContext {
  try {
    return createSecureContext({ minVersion: 'TLSv1.2', ...readableMaterial({ ca, cert, key }) })
  } catch {
    throw opensearchError('opensearch-tls-settings', 'The settings of TLS cannot be used', {
      path: 'config.tls',
    })
  }
}
