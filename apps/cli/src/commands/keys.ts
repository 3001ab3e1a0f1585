import { Argument, Command, Option } from 'commander'
import { withJson, type Execute } from './execute.ts'

const application = (): Argument => new Argument('<application>', 'name of the application: metadata.name')
const kid = (): Argument => new Argument('<kid>', 'id of the key, as `keys list` shows it')
const algorithm = (): Option =>
  new Option('--algorithm <algorithm>', 'how credentials are sealed to it')
    .choices(['ECDH-ES+A256KW', 'RSA-OAEP-256'])
    .default('ECDH-ES+A256KW')

export interface AlgorithmOption {
  readonly algorithm: 'ECDH-ES+A256KW' | 'RSA-OAEP-256'
}

/** Verbs about the keys that credentials are sealed to. */
export function keysCommand(execute: Execute): Command {
  const keys = new Command('keys')
    .summary('make, rotate or publish the keys that credentials are sealed to')
    .description(
      'Key pairs of applications, in the state folder: requests bring credentials sealed to the public part (JWE), and only a run of that application opens them.\nOn several machines the folders keys and public-keys of the state folder have to be the same ones.',
    )
  keys.addCommand(
    withJson(
      new Command('create')
        .description('Make the first key of an application.')
        .addArgument(application())
        .addOption(algorithm()),
    ).action((name: string, options: AlgorithmOption, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/keys.ts')).createKey(name, options, terminal),
      ),
    ),
  )
  keys.addCommand(
    withJson(
      new Command('list')
        .description('List the keys of an application, the newest first.')
        .addArgument(application()),
    ).action((name: string, _options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/keys.ts')).listKeys(name, terminal)),
    ),
  )
  keys.addCommand(
    withJson(
      new Command('rotate')
        .description(
          'Make a new key, which is published from now on. The one before it still opens what was sealed to it, until it is removed.',
        )
        .addArgument(application())
        .addOption(algorithm()),
    ).action((name: string, options: AlgorithmOption, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/keys.ts')).rotateKey(name, options, terminal),
      ),
    ),
  )
  keys.addCommand(
    withJson(
      new Command('remove')
        .description('Remove a key: what was sealed to it cannot be opened any more.')
        .addArgument(application())
        .addArgument(kid()),
    ).action((name: string, id: string, _options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/keys.ts')).removeKey(name, id, terminal)),
    ),
  )
  keys.addCommand(
    withJson(
      new Command('export')
        .description(
          'Print the public keys to seal to, as a JSON Web Key Set; the first is the one to prefer.',
        )
        .addArgument(application()),
    ).action((name: string, _options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/keys.ts')).exportKeys(name, terminal)),
    ),
  )
  return keys
}
