import { clientCapabilities } from '../wire/capabilities.ts'
import * as client from '../wire/client-packets.ts'
import { type Connection, unexpected } from '../wire/connection.ts'
import { mysqlError } from '../errors.ts'
import { mark, readError } from '../wire/server-packets.ts'
import { type Authentication, authenticate, plugins, type Protection } from './authentication.ts'
import type { Transport } from './open-socket.ts'

export interface Credentials {
  readonly user: string
  readonly database: string
  readonly password: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  readonly protection: Protection
}

/**
 * Answers the greeting and proves who the user is.
 * @throws ServerError when the server refuses; BulkheadError when the settings lack what it asks for
 */
export function login(
  connection: Connection,
  { greeting, sequence }: Transport,
  credentials: Credentials,
): Promise<void> {
  const { password, protection } = credentials
  return new Promise((resolve, reject) => {
    // The plugin that the server prefers may not be the one of this user: it then asks to switch.
    const plugin = plugins.find((known) => known === greeting.plugin) ?? 'mysql_native_password'
    const encryptedOrNot = plugin === 'mysql_clear_password' ? 'caching_sha2_password' : plugin
    let way: Authentication = authenticate(encryptedOrNot, password, greeting.nonce, protection)
    let number = sequence
    const answer = (data: Buffer | undefined): void => {
      // The server numbers its packets too.
      number += data === undefined ? 1 : 2
      if (data !== undefined) connection.send(data, number)
    }
    connection.listen({
      payload(bytes, start, end) {
        const first = bytes[start]
        if (first === mark.ok) resolve()
        else if (first === mark.error) connection.destroy(refusal(readError(bytes, start, end), password))
        else if (first === mark.more) answer(way.next(Buffer.from(bytes.subarray(start + 1, end))))
        else if (first === mark.end) {
          const wanted = readSwitch(bytes, start + 1, end)
          way = authenticate(wanted.plugin, password, wanted.nonce, protection)
          answer(way.proof)
        } else throw unexpected()
        return true
      },
      failed: reject,
    })
    connection.send(
      client.login(clientCapabilities(greeting.capabilities, protection.encrypted), {
        user: credentials.user,
        database: credentials.database,
        plugin: encryptedOrNot,
        proof: way.proof,
        attributes: credentials.attributes,
      }),
      number,
    )
  })
}

/** The server asks for another way: its name, and new bytes to prove the password with. */
function readSwitch(bytes: Buffer, start: number, end: number): { plugin: string; nonce: Buffer } {
  const nul = bytes.indexOf(0, start)
  if (nul === -1 || nul >= end)
    throw mysqlError('mysql-login-unsupported', 'The server demands the way of logging in of MySQL 4.0', {
      path: 'config.user',
    })
  const rest = bytes.subarray(nul + 1, end)
  return {
    plugin: bytes.toString('latin1', start, nul),
    nonce: Buffer.from(rest.at(-1) === 0 ? rest.subarray(0, -1) : rest),
  }
}

const accessDenied = 1045

function refusal(error: Error & { readonly number: number }, password: string | undefined): Error {
  return error.number === accessDenied && password === undefined
    ? mysqlError('mysql-password-missing', 'The server does not let the user in without a password', {
        path: 'config.password',
      })
    : error
}
