/** A Redis server of our own: in memory only, loopback only. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'redis'
import { unpackedPackages } from './debian-packages.ts'
import { findExecutable, pathFolders } from './find-executable.ts'
import { freePort, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

/** Starts a server that writes nothing to disk. */
export async function startRedis(folder: string, signal: AbortSignal): Promise<StartedServer> {
  const { program, environment } = await find(folder, signal)
  const port = await freePort()
  const value = `redis://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: program,
      args: [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'no',
        '--daemonize',
        'no',
      ],
      environment,
      stopSignal: 'SIGKILL', // it has nothing to save
      cwd: folder,
      probe: async () => {
        const client = createClient({
          url: value,
          socket: { connectTimeout: 2_000, reconnectStrategy: false },
        })
        client.on('error', () => undefined) // connect() rejects with it
        await client.connect()
        await client.ping()
        client.destroy()
      },
    },
    signal,
  )
  return { ...server, value }
}

interface Installation {
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
}

/** The server of this machine, or else that of the system's package registry. */
async function find(folder: string, signal: AbortSignal): Promise<Installation> {
  const installed = findExecutable('redis-server', [
    ...pathFolders(),
    '/usr/local/bin',
    '/opt/homebrew/opt/redis/bin',
  ])
  if (installed !== undefined) return { program: installed, environment: {} }
  const { root, environment } = await unpackedPackages('Redis', 'redis-tools', signal)
  // the checker of database files is the server under another name, and comes without a service
  const program = join(folder, 'redis-server')
  await symlink(join(root, 'usr/bin/redis-check-rdb'), program)
  return { program, environment }
}
