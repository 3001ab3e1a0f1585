import type { Answer } from '../terminal/answer.ts'
import { logOf, type Reporter } from '../terminal/reporter.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Serves links until it is told to stop. */
export async function serveFiles(
  options: { readonly port: number },
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const { startFileServer, stateFolder } = await import('@bulkhead/files')
  const server = await startFileServer({
    host: '127.0.0.1',
    port: options.port,
    stateFolder: stateFolder(terminal.environment),
    log: logOf(report),
  })
  report.log('info', `Serving links at ${server.url}; Ctrl-C stops it`)
  await aborted(terminal.signal)
  await server.close()
  return { value: undefined, text: () => '' }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // A server keeps the process alive by itself; the timer does it where nothing else would.
    const alive = setInterval(() => undefined, 60_000)
    const stop = (): void => {
      clearInterval(alive)
      resolve()
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
