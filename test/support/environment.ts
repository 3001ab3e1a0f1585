/**
 * Where the real servers of the tests are. `npm test` and `npm run services` set these variables;
 * a test that needs a server and finds none fails, because a skipped test proves nothing.
 */
import { type ServerName, servers } from '../../scripts/services/servers.ts'

/**
 * The variable that says where a server is.
 *
 * @throws Error naming the variable and the two ways to set it
 */
export function serverVariable(server: ServerName): string {
  const name = servers[server].variable
  const value = process.env[name]
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set, so there is no ${server} server to test against. ` +
        `Run "npm test -- FILE", or "npm run services -- ${server} run COMMAND", which start one`,
    )
  }
  return value
}
