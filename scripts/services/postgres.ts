/**
 * A PostgreSQL server of our own: throwaway data, loopback only, as fast as tests want it (nothing
 * is synced to disk) and open to everyone, but for roles that are asked for their password.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { appendFile, chmod, chown, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { cached } from './cache.ts'
import { isExecutable, namesIn, pathFolders } from './find-executable.ts'
import { MissingTool } from './missing-tool.ts'
import { freePort, type RestartableServer, runTool, startServer, type User } from './server-process.ts'
import type { StartedServer } from './server.ts'

const superuser = 'postgres'

const settings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = '4GB'
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
`

// the first line that fits decides; test/support/postgres.ts makes the roles of the group
const access = `
host all +bulkhead_password 127.0.0.1/32 scram-sha-256
host all all                127.0.0.1/32 trust
`

/**
 * Starts a server whose data lie in `folder`.
 *
 * @throws MissingTool when PostgreSQL is not installed
 */
export async function startPostgres(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const tools = findTools()
  const user = serverUser()
  const data = join(folder, 'data')
  await cp(await template(tools, user, folder, signal), data, { recursive: true })
  await giveTo(user, folder)
  const port = await freePort()
  const url = `postgres://${superuser}@127.0.0.1:${port}/postgres`
  const server = await startServer(
    {
      command: join(tools, 'postgres'),
      args: ['-D', data, '-p', String(port)],
      user,
      stopSignal: 'SIGQUIT', // immediate: the data are thrown away
      probe: () => ping(url),
    },
    signal,
  )
  return { ...server, value: url, tools } // psql is among them, which not all distributions put in PATH
}

/** The newest PostgreSQL on this machine: in PATH, or where distributions put the server's tools. */
function findTools(): string {
  const newestFirst = (root: string, inside: string): string[] => {
    const versions = namesIn(root).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    return versions.map((version) => join(root, version, inside))
  }
  const folders = [
    ...pathFolders(),
    ...newestFirst('/usr/lib/postgresql', 'bin'),
    ...newestFirst('/opt/homebrew/opt', 'bin').filter((folder) => folder.includes('postgresql')),
    ...namesIn('/usr')
      .filter((name) => name.startsWith('pgsql-'))
      .map((name) => join('/usr', name, 'bin')),
  ]
  const found = folders.find((folder) =>
    ['postgres', 'initdb'].every((tool) => isExecutable(join(folder, tool))),
  )
  if (found === undefined) {
    throw new MissingTool(
      'PostgreSQL is not installed: neither PATH nor /usr/lib/postgresql has postgres and initdb',
    )
  }
  return found
}

/** PostgreSQL refuses to run as root: then it is `postgres`, or else `nobody`. */
function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
  const user = accounts.get('postgres') ?? accounts.get('nobody')
  if (user === undefined)
    throw new MissingTool('PostgreSQL does not run as root, and there is no user postgres or nobody')
  return user
}

/** The data folder of a fresh server takes a second to make and a tenth of it to copy. */
async function template(
  tools: string,
  user: User | undefined,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const version = await runTool(join(tools, 'postgres'), ['--version'], { signal })
  const recipe = createHash('sha256').update(settings).update(access).digest('hex').slice(0, 8)
  const name = `${version.trim().replaceAll(/[^\w.]+/g, '-')}-${recipe}`
  return cached(name, async (cache) => {
    // the server's user may not reach into the cache folder of this one
    const data = join(scratch, 'template')
    await mkdir(data)
    await giveTo(user, scratch)
    await runTool(
      join(tools, 'initdb'),
      ['-D', data, '-U', superuser, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      { user, signal },
    )
    await appendFile(join(data, 'postgresql.conf'), settings)
    await writeFile(join(data, 'pg_hba.conf'), access)
    await cp(data, cache, { recursive: true })
  })
}

async function giveTo(user: User | undefined, folder: string): Promise<void> {
  if (user !== undefined) {
    await chown(folder, user.uid, user.gid)
    for (const entry of await readdir(folder, { recursive: true }))
      await chown(join(folder, entry), user.uid, user.gid)
  }
  for (const entry of await readdir(folder)) await chmod(join(folder, entry), 0o700) // or the server refuses it
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined) // after a failed connect the rejection says it
  await client.connect()
  await client.end()
}
