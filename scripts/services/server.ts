/** What every server of the tests has in common: how it is started, and how tests learn where it is. */
import type { ServerProcess } from './server-process.ts'

/** A server that runs and answers. */
export interface StartedServer extends ServerProcess {
  /** For the environment variable of the server: how its tests reach it. */
  readonly value: string
  /** Folder of tools of this server, for `PATH`. */
  readonly tools?: string
  /** What was chosen on this machine, where there is a choice: `OpenSearch 3.8.0 on Java 25`. */
  readonly version?: string
}

/**
 * Starts a server whose data lie in `folder`, and resolves when it answers.
 *
 * @param signal  stops the start, and the tools that it waits for
 * @throws MissingTool when this machine has not what it takes
 */
export type StartServer = (folder: string, signal: AbortSignal) => Promise<StartedServer>
