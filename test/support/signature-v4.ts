/**
 * Signature version 4 of AWS, computed here once more from its description and with nothing of the SDK, so that tests
 * can verify what the SDK signs.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto'

export interface SignedRequest {
  readonly method: string
  /** Already encoded. */
  readonly path: string
  /** Decoded names and values, without the signature itself. */
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Those that are signed, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array | string
  /** `20261031T081500Z` */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** The signature in hexadecimal digits. */
export function signatureV4(request: SignedRequest, secretAccessKey: string): string {
  const { method, path, query, headers, payload, date, region, service } = request
  const names = Object.keys(headers).toSorted()
  const pairs = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).toSorted()
  const canonical = [
    method,
    path,
    pairs.join('&'),
    ...names.map((name) => `${name}:${headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(payload),
  ].join('\n')
  const scope = [date.slice(0, 8), region, service, 'aws4_request']
  const key = scope.reduce<Uint8Array | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  )
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(canonical)].join('\n')
  return Buffer.from(hmac(key, text)).toString('hex')
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: Uint8Array | string, data: string): Uint8Array {
  return createHmac('sha256', key).update(data).digest()
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
