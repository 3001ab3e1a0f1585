/**
 * An S3 server of our own: versitygw over a throwaway folder. It verifies signatures, keeps
 * multipart uploads apart until they are complete, and enforces the sizes of parts as S3 does.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { MissingTool } from './missing-tool.ts'
import { freePort, type RestartableServer, runTool, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const version = '1.8.0'
const account = { region: 'us-east-1', accessKeyId: 'testaccess', secretAccessKey: 'testsecretkey' } as const

/**
 * Starts a server whose objects lie in `folder`; the first time on a machine it is built, which takes a minute or two.
 *
 * @throws MissingTool when it is not built yet and Go is not installed
 */
export async function startS3(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const program = join(await build(signal), 'versitygw')
  const objects = join(folder, 'objects')
  const sidecar = join(folder, 'metadata') // beside the files: not every file system has extended attributes
  await Promise.all([mkdir(objects), mkdir(sidecar)])
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: program,
      args: [
        '--port',
        `127.0.0.1:${port}`,
        '--region',
        account.region,
        '--quiet',
        // as S3 itself does: without it every call has a connection of its own
        '--keep-alive',
        'posix',
        '--sidecar',
        sidecar,
        objects,
      ],
      environment: { ROOT_ACCESS_KEY: account.accessKeyId, ROOT_SECRET_KEY: account.secretAccessKey },
      stopSignal: 'SIGTERM',
      probe: async () => {
        const answer = await fetch(endpoint) // refused without a signature, but by the server
        await answer.text()
      },
    },
    signal,
  )
  return { ...server, value: JSON.stringify({ endpoint, ...account }) }
}

function build(signal: AbortSignal): Promise<string> {
  return cached(`versitygw-${version}`, async (folder) => {
    await runTool('go', ['version'], { signal }).catch((error: Error) => {
      throw new MissingTool('Go is not installed, which the S3 server of the tests is built with', {
        cause: error,
      })
    })
    console.error(
      `bulkhead: building the S3 server of the tests, versitygw ${version}: once, a minute or two`,
    )
    await runTool('go', ['install', `github.com/versity/versitygw/cmd/versitygw@v${version}`], {
      environment: { GOBIN: folder, CGO_ENABLED: '0' },
      signal,
    })
  })
}
