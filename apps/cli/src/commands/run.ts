import { Command, Option } from 'commander'
import { withEnvironment, withMessages, withQuestion, type Execute } from './execute.ts'

export function runCommand(execute: Execute): Command {
  const command = new Command('run')
    .summary('run one request: a query in, one file and a signed link out')
    .description(
      'Runs one request and prints its reply event, JSON, on standard output; progress and logs go to standard error.\n' +
        'Without --application a built-in one is used: it allows ad hoc requests, and writes below ./bulkhead-out.\n' +
        'With K_EXECUTION_MODE=batch, as Knative sets it, the request is the event of the JobSink, and --exit answered,\n' +
        '--remember and --supervise are the defaults.',
    )
    .option('-a, --application <folder>', 'folder with application.yaml')
  return withMessages(withEnvironment(withQuestion(command)))
    .option('-o, --out <folder>', 'write results below this folder, whatever store the application names')
    .addOption(
      new Option(
        '--exit <rule>',
        'outcome: the exit code tells how the run ended; answered: 0 whenever the reply was delivered',
      ).choices(['outcome', 'answered']),
    )
    .option('--platform <file>', 'platform.yaml with the Kafka clusters that replies name')
    .option('--remember', 'answer a repeated request without running it again: notes in the first store')
    .option('--no-remember', 'run every request, also a repeated one')
    .option('--supervise', 'run in a process of its own, and answer for it when it dies')
    .option('--no-supervise', 'run in this process')
    .addHelpText(
      'after',
      `
Examples:
  bulkhead run --application examples/flights --job departures -p airport=SEA
  bulkhead run --application examples/data-desk --request examples/data-desk/requests/longest-routes.json
  echo '{"requestId": "1", "source": {"connector": "postgres", "config": {"host": "127.0.0.1"}, "query": "SELECT 1"}}' | bulkhead run --request -`,
    )
    .action((options, own: Command) =>
      execute(own, async (terminal, report) => {
        const { isSupervisor, supervise } = await import('../actions/supervise.ts')
        if (isSupervisor(options, terminal)) return supervise(options, terminal)
        return (await import('../actions/run.ts')).run(options, terminal, report)
      }),
    )
}
