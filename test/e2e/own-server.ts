/** A server of one test alone, which may stop and start it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { RestartSubject } from '@bulkhead/connector-sdk/testing'
import { MissingTool } from '../../scripts/services/missing-tool.ts'
import type { RestartableServer } from '../../scripts/services/server-process.ts'
import type { StartedServer } from '../../scripts/services/server.ts'

/** So long a server may take to start. */
export const patience = (): AbortSignal => AbortSignal.timeout(120_000)

/** Starts a server for one test; undefined: this machine has not what it takes, and the test is skipped. */
export async function ownServer(
  t: TestContext,
  start: (folder: string, signal: AbortSignal) => Promise<StartedServer & RestartableServer>,
): Promise<(StartedServer & RestartableServer) | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-restarted-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  try {
    const server = await start(folder, patience())
    t.after(() => server[Symbol.asyncDispose]())
    return server
  } catch (error) {
    if (!(error instanceof MissingTool)) throw error
    t.skip(error.message)
    return undefined
  }
}

/** How the server is stopped: as its administrator would, who tells clients nothing but that it ends. */
export function restarting(
  server: RestartableServer,
  by: NodeJS.Signals,
): Pick<RestartSubject<unknown>, 'stop' | 'start'> {
  return { stop: () => server.stop(by), start: () => server.start(patience()) }
}
