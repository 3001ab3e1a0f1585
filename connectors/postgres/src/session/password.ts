import { awsCredentials, rdsIamProblem, rdsToken } from '@bulkhead/connector-sdk/aws'
import { type Config, iamPermission, tlsMode } from '../config.ts'
import { postgresError } from '../errors.ts'

/** What proves the user, asked for by each session: a token is good for one login. */
export type Password = (signal: AbortSignal) => Promise<string | undefined>

/**
 * The password of the settings, or tokens of IAM.
 * @throws BulkheadError `postgres-iam-settings`, `postgres-machine-identity-refused`; what it returns throws
 * `postgres-iam-identity`
 */
export function passwordOf(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Password {
  const { iam, user, password, tls, host, port } = config
  if (iam === undefined) return async () => password
  const wrong = rdsIamProblem(iam, { password, tlsMode: tlsMode(config) }, environment[iamPermission])
  if (wrong?.fix !== undefined)
    throw postgresError('postgres-iam-settings', wrong.message, {
      path: `config.${wrong.name}`,
      fix: wrong.fix,
    })
  if (wrong !== undefined)
    throw postgresError('postgres-machine-identity-refused', wrong.message, { path: `config.${wrong.name}` })
  const credentials = awsCredentials(iam)
  const endpoint = iam.endpoint ?? `${tls.serverName ?? host}:${port}`
  return async (signal) => {
    const keys = await credentials(signal)
    if (keys === undefined)
      throw postgresError('postgres-iam-identity', 'This machine has no identity that the AWS SDK finds', {
        path: 'config.iam.identity',
      })
    return rdsToken({ endpoint, region: iam.region, user }, keys)
  }
}
