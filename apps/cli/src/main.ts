import { runCommandLine } from './command-line.ts'
import { processTerminal } from './terminal/process-terminal.ts'

const { terminal, exitCodeOfSignal } = processTerminal()
const exitCode = await runCommandLine(process.argv.slice(2), terminal)
process.exitCode = exitCodeOfSignal() ?? exitCode
// What a connector left open must not keep a finished command alive.
setTimeout(() => process.exit(), 1_000).unref()
