import { rdsPassword, type RdsPassword } from '@bulkhead/connector-sdk/aws'
import { type Config, iamPermission, tlsMode } from '../config.ts'
import { postgresError } from '../errors.ts'

/**
 * The password of the settings, or tokens of IAM.
 * @throws BulkheadError `postgres-iam-settings`, `postgres-machine-identity-refused`; what it returns throws
 * `postgres-iam-identity`
 */
export function passwordOf(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): RdsPassword {
  return rdsPassword(config, {
    tlsMode: tlsMode(config),
    allowed: environment[iamPermission],
    refuse: ({ reason, message, ...where }) => postgresError(`postgres-${reason}`, message, where),
  })
}
