import { isBulkheadError } from '@bulkhead/connector-sdk'
import { connectFailure } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { mysqlError } from '../errors.ts'
import { ServerError } from '../wire/server-packets.ts'

/** What went wrong between the first packet and the end of the login. */
export function connectError(error: unknown, config: Config, timedOut: boolean): Error {
  const at = `${config.host}:${config.port}`
  if (timedOut)
    return mysqlError('mysql-connect-timeout', `The server at ${at} did not answer in time`, {
      path: 'config.host',
    })
  if (isBulkheadError(error)) return error
  if (error instanceof ServerError) return loginError(error, config)

  const code = String((error as NodeJS.ErrnoException).code ?? 'unknown cause')
  const failure = connectFailure(code)
  if (failure === 'host-unknown')
    return mysqlError('mysql-host-unknown', `There is no host "${config.host}"`, {
      path: 'config.host',
    })
  if (failure === 'certificate-refused')
    return mysqlError('mysql-certificate-refused', `The certificate of ${at} is not acceptable (${code})`, {
      path: 'config.tls',
    })
  if (failure === 'tls-failed')
    return mysqlError('mysql-tls-failed', `No encrypted connection with ${at} came about (${code})`, {
      path: 'config.tls',
    })
  return mysqlError('mysql-unreachable', `No connection to ${at} came about (${code})`, {
    path: 'config.host',
  })
}

/** Numbers of the errors of a login. @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
const wrongPassword = new Set([1045, 1698])
const databaseRefused = 1044
const databaseUnknown = 1049
/** Too many connections, of all or of this user; too many failures of this host; stopping; network. */
const unavailable = new Set([1040, 1053, 1129, 1135, 1158, 1159, 1160, 1161, 1203, 1226])
/** MySQL, MariaDB. */
const tlsRequired = new Set([3159, 4196])
const unsupported = new Set([1251, 1275, 1524, 2049, 2059])

/** The messages of the server name users and addresses of its own: they are not passed on. */
function loginError({ number }: ServerError, { user, database, iam }: Config): Error {
  if (iam !== undefined && wrongPassword.has(number))
    return mysqlError(
      'mysql-login-refused',
      `The server refuses the token of IAM for user "${user}" (${number})`,
      {
        path: 'config.iam',
        fix: 'Create the user with AWSAuthenticationPlugin, and grant the identity rds-db:connect for this user and database; check `iam.region`, `iam.endpoint`, and the clock of this machine',
      },
    )
  if (wrongPassword.has(number))
    return mysqlError('mysql-password-refused', `The server refuses the password of user "${user}"`, {
      path: 'config.password',
    })
  if (number === databaseUnknown)
    return mysqlError('mysql-database-unknown', `There is no database "${database}"`, {
      path: 'config.database',
    })
  if (number === databaseRefused)
    return mysqlError('mysql-login-refused', `User "${user}" may not use the database "${database}"`, {
      path: 'config.user',
      fix: 'Grant the user SELECT on the database or its tables',
    })
  if (tlsRequired.has(number))
    return mysqlError('mysql-login-refused', `The server lets user "${user}" in by TLS only`, {
      path: 'config.tls.mode',
      fix: 'Set `tls.mode` to `verify-full`',
    })
  if (unsupported.has(number))
    return mysqlError(
      'mysql-login-unsupported',
      `The server demands a way of logging in that this connector does not know (${number})`,
      { path: 'config.user' },
    )
  if (unavailable.has(number))
    return mysqlError('mysql-unavailable', `The server takes no connection now (${number})`)
  return mysqlError(
    'mysql-login-refused',
    `The server does not let user "${user}" log in to database "${database}" (${number})`,
    { path: 'config.user' },
  )
}
