import { Command, Help } from 'commander'
import {
  checkCommand,
  initCommand,
  lockCommand,
  previewCommand,
  testCommand,
  validateCommand,
} from './commands/application.ts'
import { applicationsCommand } from './commands/applications.ts'
import { applyCommand, bundleCommand } from './commands/apply.ts'
import { backupCommand, restoreCommand } from './commands/backup.ts'
import { connectorsCommand } from './commands/connectors.ts'
import { contractCommand, docsCommand } from './commands/consumers.ts'
import { copyCommand } from './commands/copy.ts'
import { enginesCommand } from './commands/engines.ts'
import type { Execute } from './commands/execute.ts'
import { keysCommand } from './commands/keys.ts'
import { doctorCommand, explainCommand, schemaCommand } from './commands/reference.ts'
import { planCommand } from './commands/plan.ts'
import { repliesCommand } from './commands/replies.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
import { secretCommand } from './commands/secret.ts'
import { serveFilesCommand } from './commands/serve-files.ts'
import { serveRequestCommand } from './commands/serve-request.ts'
import { tokensCommand } from './commands/tokens.ts'
import { stubCommand } from './commands/stub.ts'
import { upCommand } from './commands/up.ts'

const nothing: Execute = () => Promise.resolve()

/**
 * The command line as data: names, options, help. Loads nothing of the platform, so that a run is at
 * work at once; the reference page is made from it too.
 * @param execute  what happens when a command is called; left out by those who only read
 */
export function buildProgram(version: string, execute: Execute = nothing): Command {
  const program = new Command('bulkhead')
    .description('Moves bulk data for many applications: one request in, one file and a signed link out.')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .description('print help for a command')
        .helpGroup('Look something up:'),
    )

  group(program, 'Run:', [
    runCommand(execute),
    upCommand(execute),
    copyCommand(execute),
    serveFilesCommand(execute),
    serveRequestCommand(execute),
  ])
  group(program, 'Ask a server:', [
    runsCommand(execute),
    applicationsCommand(execute),
    bundleCommand(execute),
    applyCommand(execute),
    repliesCommand(execute),
    tokensCommand(execute),
  ])
  group(program, 'Look after a server:', [
    enginesCommand(execute),
    backupCommand(execute),
    restoreCommand(execute),
  ])
  group(program, 'Look before you run:', [
    validateCommand(execute),
    planCommand(execute),
    checkCommand(execute),
    previewCommand(execute),
    testCommand(execute),
  ])
  group(program, 'Write an application:', [initCommand(execute), lockCommand(execute)])
  group(program, 'Serve those who ask an application:', [
    docsCommand(execute),
    contractCommand(execute),
    stubCommand(execute),
  ])
  group(program, 'Keys and credentials:', [keysCommand(execute), secretCommand(execute)])
  group(program, 'Look something up:', [
    connectorsCommand(execute),
    schemaCommand(execute),
    explainCommand(execute),
    doctorCommand(execute),
  ])
  program.addHelpText('after', `\n${overview}`)
  return everywhere(program)
}

/** Below the help of the program: how to begin, and what scripts rely on. */
export const overview = `Examples:
  bulkhead init my-shop                           a small application, to run and to change
  bulkhead run --application my-shop --job sales -p year=2026
  bulkhead copy flights.parquet flights.csv.gz    one line, no application

Exit codes:
  0    done
  1    a fault in Bulkhead
  2    something asked or configured is wrong: the message names code, path and fix
  3    this machine, or a system it needs, is not available; trying again may help
  4    data was refused: rows that a step cannot take, tests that failed, a plan that moves more than --check lets
  5    cancelled
  75   too much at once; try again later
  128+n  ended by signal n (130: Ctrl-C)

Environment variables:
  BULKHEAD_SECRET__<APPLICATION>__<NAME>  value of { secret: NAME }; letters in upper case, - as _
  BULKHEAD_SECRETS_DIR   folder with <application>/<name> files that hold secrets
  BULKHEAD_PLATFORM__SECRETS__PROVIDERS  where else secrets are, as JSON: see docs/credentials.md
  BULKHEAD_FILES_URL     base of links to local results (default http://127.0.0.1:7070)
  BULKHEAD_SERVER        server that runs, applications, engines, replies and tokens ask (default http://127.0.0.1:7071)
  BULKHEAD_TOKEN         token for it (default: the one that a server of this machine left in the state folder)
  BULKHEAD_CONNECTORS    folder of installed connectors (default ~/.local/share/bulkhead/connectors)
  BULKHEAD_ENGINES       folder of engines besides the own one (default ~/.local/share/bulkhead/engines)
  BULKHEAD_ALLOW_LOOPBACK  1: applications may reach this very machine
  BULKHEAD_REQUEST       request of run, when its command line names none
  BULKHEAD_PLATFORM__... settings of the platform: BULKHEAD_PLATFORM__KAFKA__MAIN__BOOTSTRAP='["broker:9092"]'
  K_EXECUTION_MODE       batch (set by Knative): run takes the event in K_EVENT_PATH, answers, remembers, supervises
  BULKHEAD_NODE          Node to run with (24.6 or newer), instead of the one that is found
  XDG_STATE_HOME         where keys of links and of applications are kept (default ~/.local/state)
  XDG_CACHE_HOME         where compiled code is kept (default ~/.cache)
  NO_COLOR               any value: no colours`

function group(program: Command, heading: string, commands: readonly Command[]): void {
  for (const command of commands) program.addCommand(command.helpGroup(heading))
}

/** What holds for every command, nested ones too. */
function everywhere(command: Command): Command {
  command.configureHelp({
    subcommandTerm: (own) => new Help().subcommandTerm(own).replace(' [options]', ''),
  })
  command.helpOption('-h, --help', 'print this help')
  command.exitOverride()
  command.allowExcessArguments(false)
  for (const own of command.commands) everywhere(own)
  return command
}
