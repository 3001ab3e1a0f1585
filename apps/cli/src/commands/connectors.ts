import { Command } from 'commander'
import { withJson, type Execute } from './execute.ts'

/** Verbs about connectors; none loads one. */
export function connectorsCommand(execute: Execute): Command {
  const connectors = new Command('connectors')
    .summary('list, show, install or write connectors')
    .description(
      'Tells which connectors are installed and what they can do, and adds others; none is loaded.',
    )
  connectors.addCommand(
    withJson(new Command('list').description('List the installed connectors.')).action(
      (_options, own: Command) =>
        execute(own, async () => (await import('../actions/connectors.ts')).listConnectors()),
    ),
  )
  connectors.addCommand(
    withJson(
      new Command('show')
        .description('Show settings, query, capabilities and errors of one connector.')
        .argument('<name>', 'such as postgres, or postgres@^1'),
    ).action((name: string, _options, own: Command) =>
      execute(own, async () => (await import('../actions/connectors.ts')).showConnector(name)),
    ),
  )
  connectors.addCommand(
    withJson(
      new Command('install')
        .description(
          'Install a connector with its own dependencies, by npm, without running its scripts.\nIt gets a folder of its own below BULKHEAD_CONNECTORS, so that several versions live side by side.',
        )
        .argument('<package>', 'a folder, a tarball, or a package of a registry such as name@1.2.3'),
    ).action((spec: string, _options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/install-connector.ts')).installConnector(spec, terminal),
      ),
    ),
  )
  connectors.addCommand(
    withJson(
      new Command('new')
        .description('Make the package of a new connector, which passes the contract test kit as it is.')
        .argument('<folder>', 'new folder; its name is that of the connector')
        .option(
          '--sdk <spec>',
          'where npm finds @bulkhead/connector-sdk, such as a tarball (default: the registry)',
        ),
    ).action((folder: string, options: { readonly sdk?: string }, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/new-connector.ts')).newConnector(folder, options, terminal),
      ),
    ),
  )
  return connectors
}
