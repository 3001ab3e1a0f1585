import { Command, InvalidArgumentError } from 'commander'
import { withMessages, type Execute } from './execute.ts'

export function serveFilesCommand(execute: Execute): Command {
  return withMessages(
    new Command('serve-files')
      .summary('serve the links of local results')
      .description(
        'Serves the signed links of results in local folders, on the loopback interface, until it is stopped.\nBULKHEAD_FILES_URL is the base of the links when something stands before it.',
      )
      .option('--port <number>', 'port to listen on; 0 takes a free one', port, 7070),
  ).action((options, own: Command) =>
    execute(own, async (terminal, report) =>
      (await import('../actions/serve-files.ts')).serveFiles(options, terminal, report),
    ),
  )
}

function port(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new InvalidArgumentError('Give a number from 0 to 65535.')
  return number
}
