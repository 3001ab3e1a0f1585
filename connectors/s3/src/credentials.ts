import { type AwsKeys, identityProblem } from '@bulkhead/connector-sdk/aws'
import { identityPermission } from './config.ts'
import { s3Fault } from './errors.ts'
import type { Settings } from './settings.ts'

export interface Keys extends AwsKeys {
  readonly expiration?: Date
}

const codes = {
  'key-missing': 's3-credentials-missing',
  'key-without-meaning': 's3-settings-invalid',
  'machine-refused': 's3-machine-identity-refused',
} as const

/**
 * The keys to sign with; undefined: the SDK's own search for the identity of the machine.
 * @throws BulkheadError kind `auth`, `config` or `policy`
 */
export function credentialsOf(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Keys | undefined {
  const wrong = identityProblem(settings, environment[identityPermission])
  if (wrong !== undefined) {
    const { problem, name, message, fix } = wrong
    throw s3Fault(codes[problem], `Bucket "${settings.bucket}": ${message}`, {
      path: `config.${name}`,
      ...(fix === undefined ? {} : { fix }),
    })
  }
  const { accessKeyId, secretAccessKey, sessionToken, sessionExpiresAt } = settings
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(sessionExpiresAt === undefined ? {} : { expiration: new Date(sessionExpiresAt) }),
  }
}
