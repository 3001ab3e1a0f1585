import { Command, InvalidArgumentError } from 'commander'
import { withEnvironment, withMessages, type Execute } from './execute.ts'

export function serveRequestCommand(execute: Execute): Command {
  const command = new Command('serve-request')
    .summary('run each CloudEvent that comes by HTTP, and answer when its reply is delivered')
    .description(
      'Serves POST / for one application, each request in a process of its own: the call is held until the reply has been\n' +
        'delivered, so that the pod is not removed while it works. Made for Knative Serving behind a KafkaSource.\n' +
        'Listens on $PORT, on all interfaces where Knative starts it ($K_SERVICE), else on loopback.',
    )
    .requiredOption('-a, --application <folder>', 'folder with application.yaml')
  return withMessages(withEnvironment(command))
    .option(
      '--port <number>',
      'port to listen on; 0 takes a free one (default: $PORT, else 8080)',
      atLeast(0),
    )
    .option('--host <address>', 'address to listen on')
    .option('--concurrency <number>', 'runs at once; more are answered 429', atLeast(1), 4)
    .option(
      '--drain <seconds>',
      'how long runs may go on after SIGTERM, before they are cancelled',
      atLeast(0),
      10,
    )
    .option('--platform <file>', 'platform.yaml with the Kafka clusters that replies name')
    .option('--no-remember', 'run every request, also a repeated one')
    .option('--job-sink <url>', 'JobSink that takes events over whose callers send Prefer: respond-async')
    .action((options, own: Command) =>
      execute(own, async (terminal, report) =>
        (await import('../actions/serve-request.ts')).serveRequest(options, terminal, report),
      ),
    )
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (!Number.isInteger(number) || number < least || number > 65_535)
      throw new InvalidArgumentError(`Give a number from ${least} to 65535.`)
    return number
  }
}
