import { Argument, Command, Option } from 'commander'
import { withEnvironment, withJson, withQuestion, type Execute } from './execute.ts'

const changes = 'Of a change to applications:'

/** One question, asked of a request or of a change: what would happen? */
export function planCommand(execute: Execute): Command {
  const command = new Command('plan')
    .summary('show what a run, or a change to applications, would do')
    .description(
      'Of a run: source, form of the data, file, store, limits, guarantee and digest, with the reasons.\n' +
        'With --apps, of a change: what it adds, changes, removes and leaves alone, for every application, and when each is felt. Reaches nothing.',
    )
    .addArgument(
      new Argument(
        '[folder]',
        'folder with application.yaml; without it the built-in one of ad hoc requests',
      ),
    )
    .addOption(
      new Option(
        '--apps <folder>',
        'folder whose sub-folders are applications, or one application: as it shall be',
      )
        .helpGroup(changes)
        .conflicts(['request', 'job', 'parameter', 'requestId']),
    )
    .addOption(
      new Option(
        '--against <folder or file>',
        'as it is: another such folder, or what --out wrote',
      ).helpGroup(changes),
    )
    .addOption(
      new Option(
        '--server [url]',
        'as it is on this server, in its surroundings; apply takes the hash (default: BULKHEAD_SERVER)',
      )
        .helpGroup(changes)
        .conflicts(['against', 'out', 'platform']),
    )
    .addOption(
      new Option('--remove <application...>', 'with --server: applications that shall be gone').helpGroup(
        changes,
      ),
    )
    .addOption(
      new Option('--out <file>', 'writes down how it shall be, for a later --against').helpGroup(changes),
    )
    .addOption(
      new Option(
        '--check [application...]',
        'exit with 4 when another application than these moves, or one cannot be used',
      ).helpGroup(changes),
    )
    .addOption(
      new Option(
        '--platform <file>',
        'platform.yaml of the server: addresses of its clusters decide too',
      ).helpGroup(changes),
    )
  return withJson(withEnvironment(withQuestion(command)))
    .addHelpText(
      'after',
      `
Examples:
  bulkhead plan examples/flights --job flights -p year=2025
  bulkhead plan --apps applications --against ../main/applications --check billing
  bulkhead plan --apps applications --out plan.json        then, after the change:
  bulkhead plan --apps applications --against plan.json`,
    )
    .action((folder: string | undefined, options, own: Command) =>
      execute(own, async (terminal) =>
        options.apps === undefined
          ? (await import('../actions/plan.ts')).plan(folder, options, terminal)
          : (await import('../actions/plan-applications.ts')).planApplications(options, terminal),
      ),
    )
}
