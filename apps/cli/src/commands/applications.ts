import { Command } from 'commander'
import { type Execute, withJson } from './execute.ts'
import { count, withServer } from './server-option.ts'

/** Verbs about what a server serves. */
export function applicationsCommand(execute: Execute): Command {
  const applications = new Command('applications')
    .summary('list or show applications of a server, and their revisions')
    .description('Says what a server serves, what is set aside and why, and which revisions there were.')
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
  return applications
}
