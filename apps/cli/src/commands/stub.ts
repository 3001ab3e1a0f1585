import { Argument, Command, InvalidArgumentError } from 'commander'
import { withEnvironment, withMessages, type Execute } from './execute.ts'

export function stubCommand(execute: Execute): Command {
  const command = new Command('stub')
    .summary('stand in for an application, for those who ask it')
    .description(
      'Starts a server on this machine that takes the requests of an application, checks them, and answers them as it would: with a link to a file, or a refusal.\n' +
        'The rows come from tests/*.yaml of the application; no connection of it is opened, and no secret is needed. It is no server to be reached by others.\n' +
        'Every answer says that it is of a stub: the header Bulkhead-Stub, and the first of the warnings of a reply.',
    )
    .addArgument(new Argument('<folder>', 'folder with application.yaml'))
    .option('--port <number>', 'port to listen on; 0 takes a free one', whole(0, 65_535), 7071)
    .option(
      '-n, --rows <number>',
      'rows of every result, drawn from the rows of the example (default: those rows)',
      whole(0, 100_000_000),
    )
    .option('--seed <number>', 'what rows are drawn by: the same number, the same rows', whole(0, 2 ** 31), 1)
    .option('--latency <duration>', 'how long a source takes to answer, such as PT2S', 'PT0S')
    .option('--outcome <outcome>', 'how runs end that ask for nothing else; see below', 'completed')
    .option(
      '--kafka <cluster=address>',
      'a Kafka cluster for triggers and replies: main=localhost:9092',
      add,
      [],
    )
    .option('--webhook <name=url>', 'where a webhook of the application goes instead: hook=http://…', add, [])
  return withMessages(withEnvironment(command))
    .addHelpText('after', outcomes)
    .action((application: string, options, own: Command) =>
      execute(own, async (terminal, report) =>
        (await import('../actions/stub.ts')).stub(
          application,
          { ...options, version: own.parent?.version() ?? '' },
          terminal,
          report,
        ),
      ),
    )
}

const outcomes = `
A request asks for an outcome of its own by its context, over HTTP, Kafka and all else:
  { "context": { "bulkheadStub": { "outcome": "source-unreachable", "rows": 1000, "latency": "PT2S" } } }

Outcomes:
  completed              rows of the example
  empty                  no rows
  completed-with-errors  of a job that may leave rows out
  cancelled
  source-unreachable     as the connector of the job says it
  any code of an error that ends runs: result-too-large, run-too-long, prepare-refused, validation-failed,
  runner-died ..., and those of the connector that the job reads by

Examples:
  bulkhead stub applications/billing
  bulkhead stub applications/billing --rows 100000 --latency PT5S --kafka main=localhost:9092`

function whole(least: number, most: number) {
  return (text: string): number => {
    const number = Number(text)
    if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
  }
}

function add(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text]
}
