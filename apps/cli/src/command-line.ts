import { readFileSync } from 'node:fs'
import { CommanderError, type Command } from 'commander'
import { buildProgram } from './program.ts'
import type { Answer } from './terminal/answer.ts'
import type { Execute } from './commands/execute.ts'
import { createReporter, type LogLevel, type Reporter } from './terminal/reporter.ts'
import type { Terminal } from './terminal/terminal.ts'

const USAGE_EXIT = 2 // a command line is configuration: kind `config`

/**
 * Runs one command line to its end. The answer is on standard output, everything else on standard error.
 * @param argv  without node and script
 * @returns the exit code
 */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0
  const execute: Execute = async (command, work) => {
    const options = command.opts<MessageOptions>()
    const report = reporterFor(terminal, options)
    try {
      const answer = await work(terminal, report)
      report.clear()
      print(answer, options.json === true, terminal)
      exitCode = answer.exitCode ?? 0
    } catch (error) {
      exitCode = (await import('./terminal/exit-code.ts')).exitCodeOf(error)
      report.fail(error)
    }
  }
  const program = withTerminal(buildProgram(readVersion(), execute), terminal)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0 // help or version, printed by now
    if (error.code === 'commander.help') return USAGE_EXIT // no command: help went to standard error
    await refuse(error, terminal, argv.includes('--json'))
    return USAGE_EXIT
  }
  return exitCode
}

interface MessageOptions {
  readonly json?: boolean
  readonly logLevel?: LogLevel
  readonly logFormat?: 'text' | 'json'
  readonly quiet?: boolean
}

function reporterFor(terminal: Terminal, options: MessageOptions): Reporter {
  return createReporter(terminal.messages, {
    format: options.json === true ? 'json' : (options.logFormat ?? 'text'),
    level: options.logLevel ?? 'info',
    progress: options.quiet !== true,
  })
}

function print(answer: Answer, json: boolean, { output }: Terminal): void {
  if (answer.value === undefined) return
  const text = json ? JSON.stringify(answer.value) : answer.text(output.style, output.columns)
  output.write(`${text}\n`)
}

/** What commander found wrong, in the form of every other error. */
async function refuse(error: CommanderError, terminal: Terminal, json: boolean): Promise<void> {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const fix = suggestion === undefined ? '' : `${suggestion.replace(/^\(|\)$/g, '')} `
  const reporter = reporterFor(terminal, { json })
  reporter.failWith([
    {
      code: 'usage',
      kind: 'config',
      message: message.charAt(0).toUpperCase() + message.slice(1).replace(/\.$/, ''),
      retryable: false,
      fix: `${fix}See bulkhead --help, or bulkhead help <command>`,
    },
  ])
}

function withTerminal(command: Command, terminal: Terminal): Command {
  command.configureOutput({
    writeOut: (text) => terminal.output.write(text),
    writeErr: (text) => terminal.messages.write(text),
    outputError: () => undefined, // told by `refuse`
    getOutHelpWidth: () => Math.min(terminal.output.columns, 110),
    getErrHelpWidth: () => Math.min(terminal.messages.columns, 110),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  })
  for (const own of command.commands) withTerminal(own, terminal)
  return command
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
