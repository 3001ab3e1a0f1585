import { Argument, Command } from 'commander'
import { withEnvironment, withJson, withMessages, type Execute } from './execute.ts'

/** Verbs for the teams that ask an application, and for those who must not break them. */

const folder = (): Argument => new Argument('<folder>', 'folder with application.yaml')

export function docsCommand(execute: Execute): Command {
  const command = new Command('docs')
    .summary('print what an application offers to those who ask it')
    .description(
      'Prints a page in Markdown: how to ask, what each job takes, where answers come.\nWith --asyncapi the AsyncAPI 3.0 document of its topics, webhooks and messages, as JSON. Tells nothing of its connections.',
    )
    .addArgument(folder())
    .option('--asyncapi', 'AsyncAPI 3.0 instead of a page')
  return withJson(withEnvironment(command)).action((application: string, options, own: Command) =>
    execute(own, async (terminal) =>
      (await import('../actions/docs.ts')).docs(application, options, terminal),
    ),
  )
}

export function contractCommand(execute: Execute): Command {
  const verify = new Command('verify')
    .summary('hold an application against what its consumers published')
    .description(
      'Runs the requests of contracts/*.yaml with the rows of the tests of the application, and looks in each reply for what the consumer relies on.\nRecorded messages (*.json, *.jsonl) are held against the application and the schemas of this version. Reaches no system, answers nobody.',
    )
    .addArgument(folder())
    .option('--contracts <folder>', 'where the contracts are (default: contracts/ of the application)')
  return new Command('contract')
    .summary('keep what consumers of an application rely on')
    .addCommand(
      withMessages(withEnvironment(verify)).action((application: string, options, own: Command) =>
        execute(own, async (terminal, report) =>
          (await import('../actions/contract.ts')).verifyContracts(application, options, terminal, report),
        ),
      ),
    )
}
