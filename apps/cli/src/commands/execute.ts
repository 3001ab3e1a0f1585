import { Option, type Command } from 'commander'
import type { Answer } from '../terminal/answer.ts'
import { logLevels, type Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What a command does once the command line is understood. */
export type Work = (terminal: Terminal, report: Reporter) => Promise<Answer>

/** Runs the work of a command, prints its answer or its error, and sets the exit code. */
export type Execute = (command: Command, work: Work) => Promise<void>

/** `--json`, for every command. */
export function withJson(command: Command): Command {
  return command.addOption(
    new Option(
      '--json',
      'JSON instead of text: the answer on standard output, messages on standard error',
    ).helpGroup('Output:'),
  )
}

/** Options of commands that work for a while and tell about it on standard error. */
export function withMessages(command: Command): Command {
  return withJson(command)
    .addOption(
      new Option('--log-level <level>', 'least serious message to tell')
        .choices(logLevels)
        .default('info')
        .helpGroup('Output:'),
    )
    .addOption(
      new Option('--log-format <format>', 'text, or one JSON object a line')
        .choices(['text', 'json'])
        .default('text')
        .helpGroup('Output:'),
    )
    .addOption(new Option('-q, --quiet', 'no progress').helpGroup('Output:'))
}

/** `--environment NAME`, for every command that reads an application. */
export function withEnvironment(command: Command): Command {
  return command.option(
    '-e, --environment <name>',
    'overlay to use: environments/NAME.yaml of the application',
  )
}

/** The options that say what is asked: a request, or a job with parameters. */
export function withQuestion(command: Command): Command {
  return command
    .option('-r, --request <file>', 'request to use, JSON or a CloudEvent; - reads standard input')
    .option('-j, --job <name>', 'job to use, instead of a request')
    .option(
      '-p, --parameter <name=value>',
      'parameter of the job; may be given several times. A list: ids=1,2 or, as JSON, ids=[1,2]',
      (text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text],
    )
    .option('--request-id <id>', 'id of the request, which the reply repeats (default: a new one)')
}

export interface QuestionOptions {
  readonly request?: string
  readonly job?: string
  readonly parameter?: readonly string[]
  readonly requestId?: string
  readonly environment?: string
}
