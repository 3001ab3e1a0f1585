import { rdsPassword, type RdsPassword } from '@bulkhead/connector-sdk/aws'
import { type Config, iamPermission, tlsMode } from '../config.ts'
import { mysqlError } from '../errors.ts'

/**
 * The password of the settings, or tokens of IAM.
 * @throws BulkheadError `mysql-iam-settings`, `mysql-machine-identity-refused`; what it returns throws
 * `mysql-iam-identity`
 */
export function passwordOf(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): RdsPassword {
  return rdsPassword(config, {
    tlsMode: tlsMode(config),
    allowed: environment[iamPermission],
    refuse: ({ reason, message, ...where }) => mysqlError(`mysql-${reason}`, message, where),
  })
}
