import { Command, Option } from 'commander'
import { type Execute, withJson } from './execute.ts'
import { count, several, withServer } from './server-option.ts'

/** Verbs about the answers that a server sends. */
export function repliesCommand(execute: Execute): Command {
  const replies = new Command('replies')
    .summary('list the answers of a server, or send one again')
    .description('Tells which answers were sent and which could not be, and sends one once more.')
  replies.addCommand(
    withServer(withJson(new Command('list').description('List reply messages, oldest first.')))
      .option('-a, --application <name>', 'messages of this application only')
      .addOption(
        new Option('--state <state>', 'due: is sent or tried again; failed: given up').choices([
          'due',
          'sent',
          'failed',
        ]),
      )
      .option('--run <run>', 'messages of this run only')
      .option('--after <place>', 'go on where the list before ended')
      .option('--limit <number>', 'most messages that are listed', count(500), 50)
      .action((options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/replies.ts')).listReplies(options, terminal),
        ),
      ),
  )
  replies.addCommand(
    withServer(
      withJson(
        new Command('resend')
          .description('Send the answer of a run once more, with fresh links.')
          .argument('<run>', 'id of the run'),
      ),
    )
      .option('--destination <name>', 'to this reply destination only; may be given several times', several)
      .action((run: string, options, own: Command) =>
        execute(own, async (terminal) =>
          (await import('../actions/replies.ts')).resendReplies(run, options, terminal),
        ),
      ),
  )
  return replies
}
