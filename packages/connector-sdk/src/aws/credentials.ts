import { unlessAborted } from '../unless-aborted.ts'
import type { AwsIdentity } from './identity.ts'

/** Keys to sign with. */
export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The keys that hold now; undefined: this machine has no identity that the AWS SDK finds. */
export type AwsCredentials = (signal: AbortSignal) => Promise<AwsKeys | undefined>

/**
 * The keys of the settings, or else those of the machine, looked for at the first call and again before they
 * expire. Check the settings by `identityProblem` first. One for each connection: nothing is kept between runs.
 */
export function awsCredentials(settings: AwsIdentity): AwsCredentials {
  const { accessKeyId, secretAccessKey, sessionToken } = settings
  if (settings.identity === 'keys') {
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new TypeError('The settings have no keys: check them by identityProblem')
    const keys = keysOf({ accessKeyId, secretAccessKey, sessionToken })
    return async () => keys
  }
  let search: Promise<() => Promise<AwsKeys>> | undefined
  return async (signal) => {
    // loaded here and not above: whoever signs by keys does not pay for it
    search ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) => defaultProvider())
    try {
      // it asks the machine's surroundings, and takes no signal
      return keysOf(await unlessAborted((await search)(), signal))
    } catch {
      signal.throwIfAborted()
      // what it says may name files and addresses of the machine
      return undefined
    }
  }
}

function keysOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: Omit<AwsKeys, 'sessionToken'> & { readonly sessionToken?: string | undefined }): AwsKeys {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}
