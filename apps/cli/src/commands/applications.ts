import { Command, Option } from 'commander'
import { type Execute, withJson } from './execute.ts'
import { count, withServer } from './server-option.ts'

/** Verbs about what a server serves. */
export function applicationsCommand(execute: Execute): Command {
  const applications = new Command('applications')
    .summary('list, show or remove applications of a server; revisions and history')
    .description(
      'Says what a server serves, what is set aside and why, which revisions there were, and who changed what.',
    )
  applications.addCommand(
    withServer(
      withJson(
        new Command('list').description('List what is served, and what is set aside with its reason.'),
      ),
    ).action((options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/applications.ts')).listApplications(options, terminal),
      ),
    ),
  )
  applications.addCommand(
    withServer(
      withJson(
        new Command('show')
          .description('Show an application: its revision, jobs, triggers and replies, and what waits.')
          .argument('<application>', 'its name'),
      ),
    ).action((name: string, options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/applications.ts')).showApplication(name, options, terminal),
      ),
    ),
  )
  applications.addCommand(
    withServer(
      withJson(
        new Command('revisions')
          .description('List the revisions of an application, newest first; also of one that was removed.')
          .argument('<application>', 'its name'),
      ),
    )
      .option('--before <number>', 'revisions older than this one', count(1e9))
      .option('--limit <number>', 'most revisions that are listed', count(500), 20)
      .action((name: string, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/applications.ts')).listRevisions(name, options, terminal),
        ),
      ),
  )
  applications.addCommand(
    withServer(
      withJson(
        new Command('history')
          .description(
            'Say who changed an application, when, and what, newest first; also of one that was removed.',
          )
          .argument('<application>', 'its name'),
      ),
    )
      .option('--before <number>', 'what happened before this', count(1e15))
      .option('--limit <number>', 'most events that are listed', count(500), 20)
      .action((name: string, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/applications.ts')).showHistory(name, options, terminal),
        ),
      ),
  )
  applications.addCommand(
    withServer(
      withJson(
        new Command('remove')
          .description(
            'Remove applications from all servers of a repository: they take no more requests, what waits is run and answered, their revisions stay.',
          )
          .argument('<application...>', 'their names'),
      ),
    )
      .addOption(new Option('--plan', 'only say what would be removed, and a hash').conflicts(['planHash']))
      .addOption(
        new Option(
          '--plan-hash <hash>',
          'hash that --plan told: refused when something else would be removed by now',
        ),
      )
      .action((names: readonly string[], options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/applications.ts')).removeApplications(names, options, terminal),
        ),
      ),
  )
  return applications
}
