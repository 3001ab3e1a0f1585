import type { AwsKeys } from './credentials.ts'
import { Sha256 } from './sha256.ts'

/** For whom a request is signed. */
export interface AwsScope {
  /** As AWS calls it in signatures: `es`, `aoss`. */
  readonly service: string
  readonly region: string
}

/** A request of HTTP as it will be sent. */
export interface RequestToSign {
  readonly method: string
  /** With the host that the server knows itself by. Write spaces of the query as %20: a plus is taken for one. */
  readonly url: URL
  /** Those that are signed too, such as `content-type`; whatever changes on the way must not be among them. */
  readonly headers?: Readonly<Record<string, string>>
  /** All of it: the signature holds its digest. */
  readonly body?: string | Uint8Array
}

/**
 * Signs a request by Signature Version 4, for 5 minutes from now: a repeated one has to be signed again.
 *
 * @returns all headers to send, names in lower case: those given, and `host`, `x-amz-date`,
 * `x-amz-content-sha256`, `authorization`, for keys of a time `x-amz-security-token`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signAwsRequest(
  { method, url, headers = {}, body }: RequestToSign,
  { service, region }: AwsScope,
  keys: AwsKeys,
): Promise<Readonly<Record<string, string>>> {
  // loaded here and not above: whoever does not sign does not pay for it
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const signer = new SignatureV4({ service, region, credentials: keys, sha256: Sha256 })
  const query: Record<string, string[]> = {}
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value)
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { ...lowerCase(headers), host: url.host },
    body,
  })
  return lowerCase(signed.headers)
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
