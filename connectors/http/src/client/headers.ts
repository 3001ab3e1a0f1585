import { validateHeaderName, validateHeaderValue } from 'node:http'
import { httpFault } from '../errors.ts'

/** Headers that belong to the connection or to the connector itself, which a query must not change. */
const reserved = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Headers that belong to the connection and yet may carry a key. */
const keyHeaders = new Set(['authorization', 'cookie'])

/**
 * Checks a header that carries a credential. Nothing of the credential is told.
 * @param path  where the credential stands
 * @throws BulkheadError `http-header-invalid` for the name, `http-settings-invalid` for the credential
 */
export function checkCredential(name: string, value: string, path: string): void {
  if (reserved.has(name.toLowerCase()) && !keyHeaders.has(name.toLowerCase()))
    throw httpFault('http-header-invalid', `The header ${name} is set by the connector itself`, {
      path: 'config.auth.name',
      fix: 'Write the name of the header in which the API wants its key',
    })
  try {
    validateHeaderValue(name, value)
  } catch {
    throw httpFault('http-settings-invalid', 'The credential has characters that no header can have', {
      path,
      fix: 'Give it on one line, without a line break at its end, in ASCII',
    })
  }
}

/**
 * Checks headers of settings or query: names and values that could begin another header or request are
 * refused, so that a value never becomes more than a value.
 * @param path  where they stand
 * @returns     names in lower case
 * @throws BulkheadError `http-header-invalid`
 */
export function checkHeaders(
  headers: Readonly<Record<string, string>>,
  path: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase()
      const at = `${path}.${name}`
      if (reserved.has(lower))
        throw httpFault('http-header-invalid', `The header ${lower} is set by the connector itself`, {
          path: at,
          fix: lower === 'authorization' ? 'Give the credentials in auth of the connection' : 'Leave it out',
        })
      try {
        validateHeaderName(name)
        validateHeaderValue(name, value)
      } catch (cause) {
        throw httpFault(
          'http-header-invalid',
          `The header ${JSON.stringify(name.slice(0, 60))} has characters that no header can have`,
          { path: at, cause },
        )
      }
      return [lower, value]
    }),
  )
}
