import { Command } from 'commander'
import { type Execute, withJson } from './execute.ts'
import { several, withServer } from './server-option.ts'

/** Verbs about the tokens of a server, for administrators. */
export function tokensCommand(execute: Execute): Command {
  const tokens = new Command('tokens')
    .summary('create, list or revoke tokens of a server')
    .description('Says who may call a server, and what they may do.')
  tokens.addCommand(
    withServer(
      withJson(
        new Command('create')
          .description('Create a token, and print it: it is told this once, and kept nowhere.')
          .argument('<name>', 'who gets it; stands in the history of what is done with it'),
      ),
    )
      .requiredOption(
        '--scope <scope>',
        'admin, metrics, run:APPLICATION, read:APPLICATION, apply:APPLICATION; * stands for all applications; may be given several times',
        several,
      )
      .option('--expires <duration>', 'how long it is valid, such as P90D (default: for ever)')
      .action((name: string, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/tokens.ts')).createToken(name, options, terminal),
        ),
      ),
  )
  tokens.addCommand(
    withServer(
      withJson(new Command('list').description('List the tokens, without what makes them secret.')),
    ).action((options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/tokens.ts')).listTokens(options, terminal)),
    ),
  )
  tokens.addCommand(
    withServer(
      withJson(
        new Command('revoke')
          .description('Revoke a token.')
          .argument('<id>', 'id of the token, the part between bh_ and _'),
      ),
    ).action((id: string, options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/tokens.ts')).revokeToken(id, options, terminal),
      ),
    ),
  )
  return tokens
}
