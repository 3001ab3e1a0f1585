import { awsCredentials, identityProblem, signAwsRequest } from '@bulkhead/connector-sdk/aws'
import { type Config, machinePermission } from '../config.ts'
import { opensearchError } from '../errors.ts'

/** A request as it is sent, and the headers that prove who asks. */
export interface Signed {
  /** With query. */
  readonly path: string
  /** Host among them; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Unsigned {
  readonly method: string
  readonly path: string
  /** Host and port as the address has them. */
  readonly host: string
  readonly secure: boolean
  readonly body: Buffer | undefined
}

/** Signs one request at its moment: a repeated one is signed again. */
export type Sign = (request: Unsigned, signal: AbortSignal) => Promise<Signed>

/**
 * Signature Version 4, which Amazon OpenSearch Service and Serverless ask for; undefined: the settings do not.
 *
 * @throws BulkheadError `opensearch-settings-invalid`, `opensearch-machine-identity-refused`; what it returns
 *   throws `opensearch-aws-identity`
 */
export function signingOf(
  { aws }: Pick<Config, 'aws'>,
  environment: Readonly<Record<string, string | undefined>>,
): Sign | undefined {
  if (aws === undefined) return undefined
  const wrong = identityProblem(aws, environment[machinePermission])
  if (wrong !== undefined) {
    const path = `config.aws.${wrong.name}`
    throw wrong.fix === undefined
      ? opensearchError('opensearch-machine-identity-refused', wrong.message, { path })
      : opensearchError('opensearch-settings-invalid', wrong.message, { path, fix: wrong.fix })
  }
  const { service, region, host: known } = aws
  const credentials = awsCredentials(aws)
  return async ({ method, path, host, secure, body }, signal) => {
    const keys = await credentials(signal)
    if (keys === undefined) {
      throw opensearchError(
        'opensearch-aws-identity',
        'This machine has no identity that the AWS SDK finds',
        {
          path: 'config.aws.identity',
        },
      )
    }
    const url = new URL(path, `${secure ? 'https' : 'http'}://${known ?? host}`)
    const request = { method, url, ...(body !== undefined && { body }) }
    const headers = await signAwsRequest(request, { service, region }, keys)
    return { path: url.pathname + url.search, headers }
  }
}
