/** The servers that tests, benchmarks and developers use, started together and gone together. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ServerName } from './servers.ts'
import type { Report } from './supervisor.ts'

export interface Services extends Report, AsyncDisposable {}

/**
 * Starts servers, but for those that the environment already points at, and resolves when they answer.
 *
 * They end when the result is disposed of, or this process ends in any way.
 */
export async function startServices(names: readonly ServerName[]): Promise<Services> {
  const supervisor = spawn(
    process.execPath,
    // not process.execArgv: under `node -e` that holds the caller's script, which would start itself without end
    ['--conditions=@bulkhead/source', join(import.meta.dirname, 'supervisor.ts'), ...names],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // Ctrl-C in a terminal reaches the whole group; the supervisor ends after its servers
    },
  )
  const exit = once(supervisor, 'exit')
  const stop = async (): Promise<void> => {
    supervisor.stdin.destroy() // the supervisor sees the end of its input
    await exit
  }
  for await (const line of createInterface({ input: supervisor.stdout })) {
    return { ...(JSON.parse(line) as Report), [Symbol.asyncDispose]: stop }
  }
  await exit
  throw new Error('The servers did not start, see above')
}
