import { Command } from 'commander'
import { withJson, type Execute } from './execute.ts'

export interface SealOptions {
  readonly application: string
  readonly requestId: string
  readonly expires: string
  readonly jwks?: string
}

/** Verbs about secrets; a value is never part of a command line, which other users can read. */
export function secretCommand(execute: Execute): Command {
  const secret = new Command('secret')
    .summary('seal credentials for a request')
    .description('Credentials that a request brings along, encrypted so that only its run can read them.')
  secret.addCommand(
    withJson(
      new Command('seal')
        .description(
          'Seal credentials for one request of one application, and print the JWE for source.credentials.jwe.\nReads a JSON object of the secrets from standard input, or asks for the named ones without showing them.',
        )
        .argument('[field...]', 'secrets to ask for, such as password or tls.key')
        .requiredOption('--application <name>', 'name of the application: metadata.name')
        .requiredOption('--request-id <id>', 'id of the request that will bring them')
        .option('--expires <time>', 'how long they can be opened: a duration or a time (RFC 3339)', 'PT1H')
        .option('--jwks <file|url>', 'public keys of the application (default: those of the state folder)')
        .addHelpText(
          'after',
          `
Examples:
  bulkhead secret seal password --application billing --request-id req-4711
  bulkhead secret seal --application billing --request-id req-4711 --jwks keys.json < credentials.json`,
        ),
    ).action((fields: readonly string[], options: SealOptions, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/seal.ts')).seal(fields, options, terminal)),
    ),
  )
  return secret
}
