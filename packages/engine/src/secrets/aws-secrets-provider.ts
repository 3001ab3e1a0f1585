import { fault, type SecretProviderSettings } from '@bulkhead/contract'
import { askProvider } from './ask-provider.ts'
import { largestSecretBytes, type SecretProvider } from './secret-provider.ts'
import { Secret } from './secret.ts'

type AwsSettings = Extract<SecretProviderSettings, { awsSecretsManager: unknown }>['awsSecretsManager']

/** Errors that pass by themselves. */
const passing = /^(Throttling|TooManyRequests|RequestLimitExceeded|InternalService|ServiceUnavailable)/

/**
 * Secrets of AWS Secrets Manager, `PREFIX/<application>/<name>`, read by the identity of the process. One signed
 * call is all that is asked, so it is made here: the SDK's own client would be a large part of every installation.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export function awsSecretsProvider({ region, prefix, endpoint }: AwsSettings): SecretProvider {
  const what = `AWS Secrets Manager in ${region}`
  const url = new URL(endpoint ?? `https://secretsmanager.${region}.${domainOf(region)}/`)
  const place = (application: string, name: string): string => `${prefix}/${application}/${name}`
  let keys: ((signal: AbortSignal) => Promise<Keys | undefined>) | undefined
  return {
    async find(application, name) {
      const shown = place(application, name)
      // loaded here and not above: whoever has no such provider does not pay for it
      const { awsCredentials, signAwsRequest } = await import('@bulkhead/connector-sdk/aws')
      keys ??= awsCredentials({ identity: 'machine' })
      const identity = await keys(AbortSignal.timeout(5_000)).catch(() => undefined)
      if (identity === undefined)
        throw fault('secret-provider-unavailable', `There is no AWS identity to ask ${what} with`, {
          fix: 'Give this process an identity that the AWS SDK finds: a role of machine or pod, or AWS_ variables',
        })
      const body = JSON.stringify({ SecretId: shown })
      const headers = await signAwsRequest(
        {
          method: 'POST',
          url,
          headers: {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': 'secretsmanager.GetSecretValue',
          },
          body,
        },
        { service: 'secretsmanager', region },
        identity,
      )
      const { host: _host, ...sent } = headers // fetch sets it
      const { status, body: answer } = await askProvider(what, url, { method: 'POST', headers: sent, body })
      if (status === 200) return secretOf(answer, shown, what)
      const type =
        typeof answer?.['__type'] === 'string' ? answer['__type'].replace(/^.*#/, '') : `HTTP ${status}`
      if (type === 'ResourceNotFoundException') return undefined
      if (passing.test(type)) throw fault('secret-provider-unavailable', `${what} cannot answer now: ${type}`)
      throw fault('secret-unreadable', `The secret ${shown} of ${what} cannot be read: ${type}`, {
        fix: `Let the identity of this process call secretsmanager:GetSecretValue on ${prefix}/${application}/*, and kms:Decrypt on its key`,
      })
    },
    absence(application, name) {
      const shown = place(application, name)
      return { missing: `${what} has no ${shown}`, remedy: `create ${shown} in AWS Secrets Manager` }
    },
  }
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

function secretOf(
  answer: Readonly<Record<string, unknown>> | undefined,
  shown: string,
  what: string,
): Secret {
  const text = answer?.['SecretString']
  const value = typeof text === 'string' ? text : textOfBinary(answer?.['SecretBinary'])
  if (value === undefined || value === '' || value.length > largestSecretBytes)
    throw fault('secret-unreadable', `The secret ${shown} of ${what} holds no text of a usable size`, {
      fix: 'Write the secret alone, as text',
    })
  return new Secret(value)
}

function textOfBinary(base64: unknown): string | undefined {
  if (typeof base64 !== 'string') return undefined
  const bytes = Buffer.from(base64, 'base64')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  } finally {
    bytes.fill(0)
  }
}

/** @see https://docs.aws.amazon.com/general/latest/gr/asm.html */
function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}
