import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { cancelled } from '@bulkhead/connector-sdk'
import { runnerExits, type RunnerSettings, runnerSettingsSchema } from '@bulkhead/contract'
import { engineStatement } from './engine-statement.ts'
import { createProcessLog } from './process-log.ts'
import { catchStrayErrors } from '../stray-errors.ts'
import { openHome, UnreadableApplication } from './runner-home.ts'
import { serveRuns } from './serve-runs.ts'
import { createServerClient } from './server-client.ts'
import type { StandIn } from './stand-in.ts'

export type { StandIn } from './stand-in.ts'

interface RunnerOptions {
  /** Something in place of the sources of the application; absent: its connections are opened. */
  readonly standIn?: (settings: RunnerSettings) => Promise<StandIn>
}

/**
 * The life of a runner process: it is told who it is on its standard input, does the work of one application, and ends
 * with its server.
 */
export async function runRunner({ standIn }: RunnerOptions = {}): Promise<never> {
  const stop = new AbortController()
  const end = (): void => stop.abort(cancelled('The runner was told to end'))
  process.on('SIGTERM', end)
  // Ctrl-C in the terminal of a server reaches its runners too; the server decides when they end
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)

  const log = createProcessLog()
  // nothing speaks against the application when its server does not answer, or the machine has no room for its files
  let exitCode: number = runnerExits.gaveUp
  try {
    const settings = await readSettings(stop.signal, end)
    using client = createServerClient(settings.socket, settings.token, engineStatement().version)
    await using home = await openHome(settings, client, process.env, log, await standIn?.(settings))
    await serveRuns(settings, home, client, stop.signal)
    // what connections say while they are closed is no other end
    catchStrayErrors(home.log)
  } catch (error) {
    if (!stop.signal.aborted)
      log.warn(`The runner ended: ${error instanceof Error ? error.message : 'unknown fault'}`)
    if (error instanceof UnreadableApplication) exitCode = runnerExits.unreadable
  }
  // what a connector left open must not keep the process
  process.exit(exitCode)
}

/** The first line of the input. Its end, which comes with the end of the server, stops the process. */
async function readSettings(signal: AbortSignal, end: () => void): Promise<RunnerSettings> {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  lines.on('close', end)
  const [line] = (await once(lines, 'line', { signal })) as [string]
  return runnerSettingsSchema.parse(JSON.parse(line))
}
