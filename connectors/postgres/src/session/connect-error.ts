import { isBulkheadError } from '@bulkhead/connector-sdk'
import { connectFailure } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { postgresError } from '../errors.ts'
import { ServerError } from '../wire/backend.ts'

/** What went wrong between the first packet and the end of the login. */
export function connectError(error: unknown, config: Config, timedOut: boolean): Error {
  const at = `${config.host}:${config.port}`
  if (timedOut)
    return postgresError('postgres-connect-timeout', `The server at ${at} did not answer in time`, {
      path: 'config.host',
    })
  if (isBulkheadError(error)) return error
  if (error instanceof ServerError) return loginError(error, config)

  const code = String((error as NodeJS.ErrnoException).code ?? 'unknown cause')
  const failure = connectFailure(code)
  if (failure === 'host-unknown')
    return postgresError('postgres-host-unknown', `There is no host "${config.host}"`, {
      path: 'config.host',
    })
  if (failure === 'certificate-refused')
    return postgresError(
      'postgres-certificate-refused',
      `The certificate of ${at} is not acceptable (${code})`,
      {
        path: 'config.tls',
      },
    )
  if (failure === 'tls-failed')
    return postgresError('postgres-tls-failed', `No encrypted connection with ${at} came about (${code})`, {
      path: 'config.tls',
    })
  return postgresError('postgres-unreachable', `No connection to ${at} came about (${code})`, {
    path: 'config.host',
  })
}

/** The messages of the server name roles, addresses and rules of its own: they are not passed on. */
function loginError({ fields: { sqlState } }: ServerError, { user, database, iam }: Config): Error {
  if (iam !== undefined && sqlState.startsWith('28'))
    return postgresError(
      'postgres-login-refused',
      `The server refuses the token of IAM for user "${user}" (${sqlState})`,
      {
        path: 'config.iam',
        fix: 'Grant the user the role rds_iam, and the identity rds-db:connect for this user and database; check `iam.region`, `iam.endpoint`, and the clock of this machine',
      },
    )
  if (sqlState === '28P01')
    return postgresError('postgres-password-refused', `The server refuses the password of user "${user}"`, {
      path: 'config.password',
    })
  if (sqlState.startsWith('28'))
    return postgresError(
      'postgres-login-refused',
      `The server does not let user "${user}" log in to database "${database}" (${sqlState})`,
      { path: 'config.user' },
    )
  if (sqlState === '3D000')
    return postgresError('postgres-database-unknown', `There is no database "${database}"`, {
      path: 'config.database',
    })
  if (sqlState === '42501')
    return postgresError(
      'postgres-login-refused',
      `User "${user}" may not connect to database "${database}"`,
      {
        path: 'config.user',
        fix: 'Grant the user CONNECT on the database',
      },
    )
  if (sqlState.startsWith('53') || sqlState.startsWith('57P') || sqlState.startsWith('08'))
    return postgresError('postgres-unavailable', `The server takes no connection now (${sqlState})`)
  return postgresError('postgres-login-refused', `The server refused the connection (${sqlState})`, {
    path: 'config',
    fix: 'Look the SQLSTATE up in the documentation of PostgreSQL; the log of the server says more',
  })
}
