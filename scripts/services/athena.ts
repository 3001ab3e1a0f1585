/**
 * A stand-in of our own for Athena's API: moto, which runs no SQL. Queries succeed at once, with results that tests
 * have put there; it is S3 too, where results lie. It verifies no signature.
 */
import { pythonWith } from './python.ts'
import { freePort, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'the stand-in for Athena'
const version = '5.2.5'
const packages = [`moto[athena,s3]==${version}`, 'flask==3.1.3', 'flask-cors==6.0.5'] as const

/** Starts a server that keeps everything in memory. */
export async function startAthena(folder: string, signal: AbortSignal): Promise<StartedServer> {
  const python = await pythonWith(title, packages, signal)
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: python,
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
      stopSignal: 'SIGKILL', // it has nothing to save
      startMs: 60_000,
      cwd: folder,
      probe: async () => {
        const answer = await fetch(`${endpoint}/moto-api/data.json`)
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`It answers ${answer.status}`)
      },
    },
    signal,
  )
  return { ...server, value: JSON.stringify({ endpoint }), version: `Athena's API by moto ${version}` }
}
