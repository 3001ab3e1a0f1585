/** A command run once, with what it cost: time, processor time and memory of all its processes. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { ProcessTree } from './process-tree.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

export interface Cost {
  /** From just before the process is started until it has ended. */
  readonly wallSeconds: number
  /** User and system time of the process and of all that it waited for, to 10 ms. */
  readonly cpuSeconds: number
  /** See `ProcessTree`; 0 where there is no /proc. */
  readonly peakBytes: number
}

export interface Measured extends Cost {
  readonly stdout: string
}

/** Memory is looked at so often: 50 times a second costs the measured command about a hundredth of a core. */
const sampleMs = 20
const keptErrors = 4_000

/**
 * Runs a command to its end. One at a time: processor time is told apart by who ran meanwhile.
 *
 * @throws Error with the end of its messages, when it fails
 */
export async function measureCommand(command: Command): Promise<Measured> {
  const cpuBefore = cpuOfEndedChildren()
  const start = performance.now()
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: command.environment,
  })
  const tree = new ProcessTree(child.pid ?? 0)
  const sampling = setInterval(() => tree.sample(), sampleMs)
  const output = text(child.stdout)
  const errors = text(child.stderr)
  let wallSeconds = 0
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (exitCode, signal) => {
        wallSeconds = (performance.now() - start) / 1000
        resolve(exitCode ?? signal ?? 'unknown')
      })
    })
    if (code !== 0) throw new Error(`It ended with ${code}: ${(await errors).slice(-keptErrors)}`)
  } catch (error) {
    throw new Error(`${command.file} failed: ${(error as Error).message}`, { cause: error })
  } finally {
    clearInterval(sampling)
  }
  return {
    wallSeconds,
    cpuSeconds: cpuOfEndedChildren() - cpuBefore,
    peakBytes: tree.peakBytes,
    stdout: await output,
  }
}

/** Linux counts in hundredths of a second for every program, whatever the kernel itself uses. */
const ticksPerSecond = 100

/** Seconds that children used which ended and were waited for, with their own such children. */
function cpuOfEndedChildren(): number {
  try {
    const line = readFileSync('/proc/self/stat', 'utf8')
    // behind the name, which may hold blanks and brackets, field 3 comes first; 16 and 17 are cutime and cstime
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
  } catch {
    return 0
  }
}
