import { Command, Option } from 'commander'
import { type Execute, withJson, withMessages } from './execute.ts'
import { count, withServer } from './server-option.ts'

const states = ['queued', 'running', 'completed', 'completed-with-errors', 'failed', 'cancelled']

/** Verbs about the runs of a server. */
export function runsCommand(execute: Execute): Command {
  const runs = new Command('runs')
    .summary('list, show, watch, cancel or retry runs of a server')
    .description('Asks a server about its runs, and tells it what to do with them.')
  runs.addCommand(
    withServer(withJson(new Command('list').description('List runs, newest first.')))
      .option('-a, --application <name>', 'runs of this application only')
      .option('-j, --job <name>', 'runs of this job only')
      .addOption(new Option('--state <state>', 'runs of this state only').choices(states))
      .option('--request-id <id>', 'runs of this request only')
      .option('--before <run>', 'runs older than this one')
      .option('--limit <number>', 'most runs that are listed', count(500), 20)
      .action((options, own: Command) =>
        execute(own, async (terminal) => (await import('../actions/runs.ts')).listRuns(options, terminal)),
      ),
  )
  runs.addCommand(
    withServer(
      withJson(
        new Command('show')
          .description('Show a run, its answer and its history.')
          .argument('<run>', 'id of the run'),
      ),
    ).action((run: string, options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/runs.ts')).showRun(run, options, terminal)),
    ),
  )
  runs.addCommand(
    withServer(
      withMessages(
        new Command('watch')
          .summary('Follow a run until it is over.')
          .description('Follows a run until it is over; the exit code tells how it ended.')
          .argument('<run>', 'id of the run'),
      ),
    ).action((run: string, options, own: Command) =>
      execute(own, async (terminal, report) =>
        (await import('../actions/watch-run.ts')).watchRun(run, options, terminal, report),
      ),
    ),
  )
  runs.addCommand(
    withServer(
      withJson(
        new Command('logs')
          .description('Print the log of a run, oldest line first.')
          .argument('<run>', 'id of the run'),
      ),
    ).action((run: string, options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/runs.ts')).printLog(run, options, terminal)),
    ),
  )
  runs.addCommand(
    withServer(
      withJson(new Command('cancel').description('Cancel a run.').argument('<run>', 'id of the run')),
    )
      .option('--reason <text>', 'why, for the history of the run')
      .action((run: string, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/runs.ts')).cancelRun(run, options, terminal),
        ),
      ),
  )
  runs.addCommand(
    withServer(
      withJson(
        new Command('retry')
          .description('Try a run again that failed or was cancelled.')
          .argument('<run>', 'id of the run'),
      ),
    ).action((run: string, options, own: Command) =>
      execute(own, async (terminal) => (await import('../actions/runs.ts')).retryRun(run, options, terminal)),
    ),
  )
  return runs
}
