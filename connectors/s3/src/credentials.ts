import { s3Fault } from './errors.ts'
import type { Settings } from './settings.ts'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
const PERMISSION = 'BULKHEAD_S3_MACHINE_IDENTITY'

/**
 * The keys to sign with; undefined: the SDK's own search for the identity of the machine.
 *
 * Left alone the SDK searches whenever there are no keys, and would find the platform's identity. So
 * it takes two to borrow it: the application asks, and the operator allows (I6).
 *
 * @throws BulkheadError kind `auth`, `config` or `policy`
 */
export function credentialsOf(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Keys | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, sessionExpiresAt } = settings
  if (settings.identity === 'machine') {
    if (environment[PERMISSION] !== 'allow') {
      throw s3Fault(
        's3-machine-identity-refused',
        `The settings of bucket "${settings.bucket}" ask for the identity of this machine, which is not allowed here`,
        { path: 'config.identity' },
      )
    }
    for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const) {
      if (settings[name] === undefined) continue
      throw s3Fault('s3-settings-invalid', `${name} has no meaning with identity machine`, {
        path: `config.${name}`,
        fix: `Leave out either ${name} or identity`,
      })
    }
    return undefined
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey'
    throw s3Fault('s3-credentials-missing', `${missing} is missing for bucket "${settings.bucket}"`, {
      path: `config.${missing}`,
      fix: 'Set accessKeyId and secretAccessKey; the identity of the machine is not taken by itself',
    })
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(sessionExpiresAt === undefined ? {} : { expiration: new Date(sessionExpiresAt) }),
  }
}
