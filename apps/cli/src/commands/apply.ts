import { Argument, Command, Option } from 'commander'
import { type Execute, withEnvironment, withJson } from './execute.ts'
import { count, withServer } from './server-option.ts'

/** Changes what a server serves: to what a folder holds, or back to what it served before. */
export function applyCommand(execute: Execute): Command {
  const command = new Command('apply')
    .summary('change applications of a server, or take one back')
    .description(
      'Brings a server applications as a folder holds them, without a restart; those that are not in the folder stay as they are.\n' +
        'With --application and --revision: makes an earlier revision current again.',
    )
    .addArgument(new Argument('[folder]', 'folder whose sub-folders are applications, or one application'))
    .addOption(
      new Option(
        '--plan-hash <hash>',
        'hash that bulkhead plan --apps FOLDER --server told: refused when the change would be another one by now',
      ),
    )
    .option('--application <name>', 'application that goes back to --revision')
    .option('--revision <number>', 'revision that becomes current again', count(1e9))
  return withServer(withJson(withEnvironment(command)))
    .addHelpText(
      'after',
      `
Examples:
  bulkhead plan --apps applications --server        what it would do, and a hash
  bulkhead apply applications --plan-hash HASH
  bulkhead applications revisions billing
  bulkhead apply --application billing --revision 7`,
    )
    .action((folder: string | undefined, options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/apply.ts')).apply(folder, options, terminal),
      ),
    )
}
