import { Argument, Command, Option } from 'commander'
import { type Execute, withJson } from './execute.ts'
import { withServer } from './server-option.ts'

/** Builds of the runner side by side, and which application is on which. */
export function enginesCommand(execute: Execute): Command {
  const engines = new Command('engines')
    .summary('put applications on another engine, or back')
    .description(
      'An engine is a build of what executes runs. A server has its own, and those in its folder of engines; each application is on one of them.',
    )
  engines.addCommand(
    withServer(
      withJson(
        new Command('list').description(
          'List the engines of a server: their builds, why one cannot be used, and which applications are on them.',
        ),
      ),
    ).action((options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/engines.ts')).listEngines(options, terminal),
      ),
    ),
  )
  const rollout = new Command('rollout')
    .description(
      'Put applications on an engine, on all servers of the repository and without a restart, or back on the own one. Runs under way end where they began.',
    )
    .addArgument(new Argument('[engine]', 'its name, as bulkhead engines list has it'))
    .option('--apps <application...>', 'these applications')
    .addOption(new Option('--all', 'all applications that are served').conflicts(['apps', 'back']))
    .option('--back', 'from that engine, or from any, back to the own one')
    .addOption(new Option('--plan', 'only say which applications would move').conflicts(['planHash']))
    .addOption(new Option('--plan-hash <hash>', 'hash that --plan told: refused when more would move by now'))
  engines.addCommand(
    withServer(withJson(rollout))
      .addHelpText(
        'after',
        `
Examples:
  bulkhead engines rollout 1.1.0 --apps billing crm --plan
  bulkhead engines rollout 1.1.0 --apps billing crm
  bulkhead engines rollout 1.1.0 --back                  all that are on it
  bulkhead engines rollout --back --apps crm`,
      )
      .action((engine: string | undefined, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/engines.ts')).rollOut(engine, options, terminal),
        ),
      ),
  )
  return engines
}
