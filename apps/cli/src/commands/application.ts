import { Argument, Command, InvalidArgumentError } from 'commander'
import { withEnvironment, withJson, withMessages, withQuestion, type Execute } from './execute.ts'

/** Verbs that look at an application and run nothing for a requester. */

const folder = (): Argument => new Argument('<folder>', 'folder with application.yaml')
const folderOrNone = (): Argument =>
  new Argument('[folder]', 'folder with application.yaml; without it the built-in one of ad hoc requests')

export function validateCommand(execute: Execute): Command {
  const command = new Command('validate')
    .summary('check the files of an application, offline')
    .description(
      'Reads the application, all its files and environments, and plans every job as far as that goes without parameters.\nReaches nothing; all faults are told at once.',
    )
    .addArgument(folder())
  return withJson(withEnvironment(command)).action((application: string, options, own: Command) =>
    execute(own, async (terminal) =>
      (await import('../actions/validate.ts')).validate(application, options, terminal),
    ),
  )
}

export function checkCommand(execute: Execute): Command {
  const command = new Command('check')
    .summary('reach every connection and store of an application')
    .description(
      'Opens every connection and store with its secrets, and says what answered. Reads and writes no data.',
    )
    .addArgument(folder())
  return withMessages(withEnvironment(command)).action((application: string, options, own: Command) =>
    execute(own, async (terminal, report) =>
      (await import('../actions/check.ts')).check(application, options, terminal, report),
    ),
  )
}

export function previewCommand(execute: Execute): Command {
  const command = new Command('preview')
    .summary('show the first rows of a result')
    .description('Runs the query for a few rows, with all its steps, and shows them. Writes no file.')
    .addArgument(folderOrNone())
    .option('-n, --rows <number>', 'rows to show, at most 1000', rowCount, 20)
  return withMessages(withEnvironment(withQuestion(command))).action(
    (application: string | undefined, options, own: Command) =>
      execute(own, async (terminal, report) =>
        (await import('../actions/preview.ts')).preview(application, options, terminal, report),
      ),
  )
}

export function testCommand(execute: Execute): Command {
  const command = new Command('test')
    .summary('run the tests of an application')
    .description(
      'Runs tests/*.yaml of the application: the query is bound and not run, its rows come from the test.\nWith --real the query is run against the real system.',
    )
    .addArgument(folder())
    .option('--real', 'run the query instead of taking the rows of the test')
    .option('--only <text>', 'only tests whose name holds this text')
  return withMessages(withEnvironment(command)).action((application: string, options, own: Command) =>
    execute(own, async (terminal, report) =>
      (await import('../actions/test.ts')).test(application, options, terminal, report),
    ),
  )
}

export function lockCommand(execute: Execute): Command {
  return withJson(
    new Command('lock')
      .summary('write application.lock.json')
      .description('Writes down the exact connectors that the application is made with; commit the file.')
      .addArgument(folder())
      .option('--check', 'write nothing; fail when the file is not up to date'),
  ).action((application: string, options, own: Command) =>
    execute(own, async (terminal) =>
      (await import('../actions/lock.ts')).lock(application, options, terminal),
    ),
  )
}

export function initCommand(execute: Execute): Command {
  return withJson(
    new Command('init')
      .summary('make a small application to start from')
      .description('Makes a folder with an application that passes validate and test. Overwrites nothing.')
      .argument('<folder>', 'folder to make; its name becomes the name of the application'),
  ).action((target: string, _options, own: Command) =>
    execute(own, async (terminal) => (await import('../actions/init.ts')).init(target, terminal)),
  )
}

function rowCount(text: string): number {
  const rows = Number(text)
  if (!Number.isInteger(rows) || rows < 1 || rows > 1000)
    throw new InvalidArgumentError('Give a number from 1 to 1000.')
  return rows
}
