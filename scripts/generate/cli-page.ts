import { buildProgram } from '@bulkhead/cli'
import { generatedNote } from './markdown.ts'

/** The reference of the command: what its help prints, page after page. */
export function cliPage(): string {
  const program = buildProgram('VERSION').configureOutput({ getOutHasColors: () => false })
  program.configureHelp({ ...program.configureHelp(), helpWidth: 100 })
  const pages = [program, ...leaves(program.commands)]
  const sections = pages.map((command) => {
    const names = nameOf(command)
    return `## ${names}\n\`\`\`text\n${helpOf(command)}\n\`\`\``
  })
  return `${generatedNote}\n# Commands\n\nWhat \`bulkhead --help\` and \`bulkhead COMMAND --help\` print.\n\n${sections.join('\n\n')}\n`
}

type Program = ReturnType<typeof buildProgram>

function leaves(commands: readonly Program[]): Program[] {
  return commands.flatMap((command) => (command.commands.length === 0 ? [command] : leaves(command.commands)))
}

function nameOf(command: Program): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

/** With what is added after the help, which `helpInformation` leaves out. */
function helpOf(command: Program): string {
  let text = ''
  const write = (part: string): void => void (text += part)
  command.configureOutput({ ...command.configureOutput(), writeOut: write, getOutHasColors: () => false })
  command.configureHelp({ ...command.configureHelp(), helpWidth: 100 })
  command.outputHelp()
  return text.trim()
}
