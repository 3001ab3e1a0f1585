import process from 'node:process'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { superviseRun } from '../supervise/supervise-run.ts'
import { isSupervised } from '../supervise/supervised.ts'
import { saysWhatToRun } from './given-request.ts'
import { readInput } from './read-input.ts'
import type { RunOptions } from './run.ts'

/** Whether the run gets a process of its own. A command line that asks for nothing is told so by this one. */
export function isSupervisor(options: RunOptions, terminal: Terminal): boolean {
  const { environment } = terminal
  if (isSupervised(environment)) return false
  const wanted = options.supervise ?? environment['K_EXECUTION_MODE'] === 'batch'
  return wanted && (options.application !== undefined || saysWhatToRun(options, terminal))
}

/**
 * The same command in a process of its own, whose reply is printed when there is one, whoever gave it. What this
 * needs is small, and loaded at once: a run must not wait for it.
 */
export async function supervise(options: RunOptions, terminal: Terminal): Promise<Answer> {
  const { reply, exitCode } = await superviseRun({
    args: process.argv.slice(2),
    // what is read once has to be there for whoever answers
    input: options.request === '-' ? await readInput(terminal) : undefined,
    environment: terminal.environment,
    folder: terminal.folder,
    stop: terminal.signal,
    messages: (bytes) => void process.stderr.write(bytes),
  })
  if (reply === undefined) {
    const { fault } = await import('@bulkhead/contract')
    throw fault('runner-died', 'The process of the run died, and nobody could answer for it')
  }
  // what it ended with says all there is to say, also after a signal
  terminal.standByExitCode?.()
  const line = reply.trimEnd()
  return { value: JSON.parse(line), text: () => line, exitCode }
}
