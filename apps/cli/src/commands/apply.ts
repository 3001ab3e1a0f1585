import { Argument, Command, Option } from 'commander'
import { type Execute, withEnvironment, withJson } from './execute.ts'
import { count, withServer } from './server-option.ts'

/** Changes what a server serves: to what a folder holds, or back to what it served before. */
export function applyCommand(execute: Execute): Command {
  const command = new Command('apply')
    .summary('change applications of a server, or take one back')
    .description(
      'Brings a server applications as a folder or a bundle holds them, without a restart: all, or none. Those that are not in it stay as they are.\n' +
        'With --application and --revision: makes an earlier revision current again.',
    )
    .addArgument(
      new Argument(
        '[source]',
        'folder whose sub-folders are applications, one application, or a file that bulkhead bundle wrote',
      ),
    )
    .option('--remove <application...>', 'applications that shall be gone, in the same change')
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
  bulkhead bundle applications --out change.json    then: bulkhead apply change.json
  bulkhead apply applications --remove ledger
  bulkhead applications revisions billing
  bulkhead apply --application billing --revision 7`,
    )
    .action((source: string | undefined, options, own: Command) =>
      execute(own, async (terminal) =>
        (await import('../actions/apply.ts')).apply(source, options, terminal),
      ),
    )
}

/** Applications as one file, made once and applied in many places. */
export function bundleCommand(execute: Execute): Command {
  return withJson(
    withEnvironment(
      new Command('bundle')
        .summary('write applications as one file, for apply')
        .description(
          'Writes all that makes up the applications of a folder into one file: manifests, the chosen overlay, lock, queries, code. The same file can be applied to many servers.',
        )
        .addArgument(
          new Argument('<folder>', 'folder whose sub-folders are applications, or one application'),
        )
        .requiredOption('--out <file>', 'file to write'),
    ),
  ).action((folder: string, options, own: Command) =>
    execute(own, async (terminal) =>
      (await import('../actions/apply.ts')).writeBundles(folder, options, terminal),
    ),
  )
}
