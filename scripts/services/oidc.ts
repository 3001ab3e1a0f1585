/** An OpenID provider of our own, loopback only: `openid-provider.ts` says what it does. */
import { join } from 'node:path'
import { freePort, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

/** Starts a provider that keeps everything in memory. */
export async function startOidc(folder: string, signal: AbortSignal): Promise<StartedServer> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: process.execPath,
      args: [join(import.meta.dirname, 'openid-provider.ts'), String(port)],
      stopSignal: 'SIGKILL', // it has nothing to save
      cwd: folder,
      probe: async () => {
        const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`It answers ${answer.status}`)
      },
    },
    signal,
  )
  return { ...server, value: JSON.stringify({ issuer }) }
}
