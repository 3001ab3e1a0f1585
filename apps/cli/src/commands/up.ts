import { Command } from 'commander'
import { withMessages, type Execute } from './execute.ts'

export function upCommand(execute: Execute): Command {
  return withMessages(
    new Command('up')
      .summary('start a server for the applications of a folder')
      .description(
        'Takes requests from HTTP, Kafka topics, folders and schedules, has them run by runner processes, and answers, until it is stopped.\n' +
          'Without --platform it needs nothing else: its repository is a SQLite file, its results lie in local folders.\n' +
          'SIGTERM and Ctrl-C let runs finish for a while and hand the rest over.',
      )
      .requiredOption('--apps <folder>', 'folder whose sub-folders are applications, or one application')
      .option(
        '--platform <file>',
        'platform.yaml: repository, Kafka clusters, limits; see `bulkhead schema platform`',
      )
      .option(
        '-e, --environment <name>',
        'overlay environments/NAME.yaml, for the applications that have it',
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  bulkhead up --apps examples
  bulkhead up --apps ./applications --platform platform.yaml --environment production
  BULKHEAD_PLATFORM__HTTP__PORT=8080 bulkhead up --apps ./applications`,
    )
    .action((options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/up.ts')).up({ ...options, version: own.parent?.version() ?? '' }, terminal),
      ),
    )
}
