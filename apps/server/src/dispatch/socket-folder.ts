import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const prefix = 'bulkhead-runners-'
const socketName = 'api'
/** A folder without a socket is that of a server that is about to listen, or of one that died before. */
const beginsMs = 60_000

/** A folder for the socket of a server, which runners find by its path. */
export interface SocketFolder extends AsyncDisposable {
  readonly socket: string
}

/** Makes one, and removes those of servers of this user that were killed. */
export async function makeSocketFolder(parent = tmpdir()): Promise<SocketFolder> {
  await removeLeft(parent).catch(() => undefined) // what cannot be removed is in nobody's way
  const folder = await mkdtemp(join(parent, prefix))
  return {
    socket: join(folder, socketName),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function removeLeft(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix))
  await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name)
      const stats = await lstat(folder)
      if (!stats.isDirectory() || stats.uid !== process.getuid?.()) return
      const answer = await knock(join(folder, socketName))
      const isOld = Date.now() - stats.mtimeMs > beginsMs
      if (answer === 'nobody' || (answer === 'no socket' && isOld))
        await rm(folder, { recursive: true, force: true })
    }),
  )
}

/** Who listens, whatever its process id is where it runs: servers in containers may share a temporary folder. */
async function knock(path: string): Promise<'somebody' | 'nobody' | 'no socket'> {
  const socket = connect(path)
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve('somebody'))
      socket.once('error', ({ code }: NodeJS.ErrnoException) =>
        resolve(code === 'ECONNREFUSED' ? 'nobody' : code === 'ENOENT' ? 'no socket' : 'somebody'),
      )
    })
  } finally {
    socket.destroy()
  }
}
