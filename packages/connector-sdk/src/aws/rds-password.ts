import { awsCredentials } from './credentials.ts'
import { type RdsIam, rdsIamProblem } from './rds-iam.ts'
import { rdsToken } from './rds-token.ts'

/** What proves the user, asked for by each session: a token is good for one login. Undefined: nothing does. */
export type RdsPassword = (signal: AbortSignal) => Promise<string | undefined>

/** The settings of a connection, as far as the login depends on them. */
export interface RdsConnection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string | undefined
  readonly iam?: RdsIam | undefined
  readonly tls: { readonly serverName?: string | undefined }
}

/** Why there is no token; the connector makes an error of its own of it. */
export interface RdsPasswordRefused {
  readonly reason: 'iam-settings' | 'machine-identity-refused' | 'iam-identity'
  readonly message: string
  /** The setting to correct: `config.tls.mode`. */
  readonly path: string
  /** Absent: that of the reason. */
  readonly fix?: string
}

/**
 * The password of the settings, or tokens of IAM.
 * @throws what `refuse` makes; what is returned throws it too
 */
export function rdsPassword(
  { iam, user, password, tls, host, port }: RdsConnection,
  {
    tlsMode,
    allowed,
    refuse,
  }: {
    /** The mode that holds, `auto` decided. */
    readonly tlsMode: string
    /** The value of the permission in the environment. */
    readonly allowed: string | undefined
    readonly refuse: (refused: RdsPasswordRefused) => Error
  },
): RdsPassword {
  if (iam === undefined) return async () => password
  const wrong = rdsIamProblem(iam, { password, tlsMode }, allowed)
  if (wrong !== undefined) {
    const { message, name, fix } = wrong
    const path = `config.${name}`
    throw refuse(
      fix === undefined
        ? { reason: 'machine-identity-refused', message, path }
        : { reason: 'iam-settings', message, path, fix },
    )
  }
  const credentials = awsCredentials(iam)
  const endpoint = iam.endpoint ?? `${tls.serverName ?? host}:${port}`
  return async (signal) => {
    const keys = await credentials(signal)
    if (keys === undefined)
      throw refuse({
        reason: 'iam-identity',
        message: 'This machine has no identity that the AWS SDK finds',
        path: 'config.iam.identity',
      })
    return rdsToken({ endpoint, region: iam.region, user }, keys)
  }
}
