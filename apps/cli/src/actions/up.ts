import { resolve } from 'node:path'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Server } from '@bulkhead/server'
import { connectorRoots, connectorsFolder, enginesFolder, runnerEntry } from './installed.ts'

export interface UpOptions {
  readonly apps: string
  readonly platform?: string
  readonly environment?: string
  readonly version: string
}

/** Starts a server and stays until it is told to stop. */
export async function up(options: UpOptions, terminal: Terminal): Promise<Answer> {
  const { startServer } = await import('@bulkhead/server')
  await using server = await startServer({
    applicationsFolder: resolve(terminal.folder, options.apps),
    platformFile: options.platform === undefined ? undefined : resolve(terminal.folder, options.platform),
    environmentName: options.environment,
    environment: terminal.environment,
    connectorRoots: connectorRoots(),
    foreignRoots: [connectorsFolder(terminal.environment)],
    runnerEntry: runnerEntry(),
    enginesFolder: enginesFolder(terminal.environment),
    version: options.version,
    write: (line) => terminal.messages.write(line),
  })
  tellWhere(server, terminal)
  await aborted(terminal.signal)
  server.log.info('Stopping: runs under way may finish; a second signal stops at once')
  await server.drain()
  return { value: undefined, text: () => '' }
}

/** For the person at the terminal; a log has the same as a line. */
function tellWhere({ url, filesUrl, stateFolder }: Server, { messages }: Terminal): void {
  if (!messages.interactive) return
  messages.write(
    `\n  Bulkhead is up\n  API        ${url}/api/v1\n  downloads  ${filesUrl}\n  state      ${stateFolder}\n  Ctrl-C     ends it\n\n`,
  )
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
