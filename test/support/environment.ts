/**
 * Where the real servers of the tests are. `npm test` and `npm run services` set these variables;
 * a test that needs a server and finds none fails, because a skipped test proves nothing.
 */

const variables = {
  postgres: 'BULKHEAD_TEST_POSTGRES',
  s3: 'BULKHEAD_TEST_S3',
} as const

/**
 * The variable that says where a server is.
 *
 * @throws Error naming the variable and the two ways to set it
 */
export function serverVariable(server: keyof typeof variables): string {
  const name = variables[server]
  const value = process.env[name]
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set, so there is no ${server} server to test against. ` +
        `Run "npm test -- FILE", or "npm run services -- run COMMAND", which start one`,
    )
  }
  return value
}
