/**
 * A MariaDB server of our own: throwaway data, loopback only, nothing synced to disk. Its one user has
 * all rights and a password that nobody else knows, for it may run as root.
 */
import { createHash, randomBytes } from 'node:crypto'
import { cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { cached } from './cache.ts'
import { unpackedPackages } from './debian-packages.ts'
import { findExecutable, pathFolders } from './find-executable.ts'
import { freePort, type RestartableServer, runTool, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

interface Installation {
  readonly program: string
  /** Messages, character sets, and the statements that make the system tables. */
  readonly share: string
  readonly environment: Readonly<Record<string, string>>
}

const user = 'bulkhead'

/** The statements that a new data folder begins with; the accounts that they make have no password, and go. */
const tables = ['mysql_system_tables.sql', 'mysql_performance_tables.sql', 'mysql_system_tables_data.sql']
const before = 'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL, @skip_auth_anonymous = 1;\n'
const after = '\nDELETE FROM global_priv;\nDELETE FROM proxies_priv;\n'

const small = [
  '--innodb-log-file-size=16M',
  '--innodb-autoextend-increment=4',
  '--innodb-data-file-path=ibdata1:4M:autoextend',
  '--innodb-temp-data-file-path=ibtmp1:4M:autoextend',
  '--innodb-undo-tablespaces=0',
]

/**
 * Starts a server whose data lie in `folder`.
 *
 * @param options  more of the server's, for a test that needs a server of its own
 */
export async function startMysql(
  folder: string,
  signal: AbortSignal,
  options: readonly string[] = [],
): Promise<StartedServer & RestartableServer> {
  const installation = await find(signal)
  const data = join(folder, 'data')
  await cp(await template(installation, signal), data, { recursive: true })
  const password = randomBytes(12).toString('base64url')
  const accounts = join(folder, 'accounts.sql')
  await writeFile(
    accounts,
    // it is read at every start
    `CREATE USER IF NOT EXISTS ${user}@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL PRIVILEGES ON *.* TO ${user}@'127.0.0.1' WITH GRANT OPTION;
`,
    { mode: 0o600 },
  )
  await mkdir(join(folder, 'files'))
  const port = await freePort()
  const value = `mysql://${user}:${password}@127.0.0.1:${port}/`
  const server = await startServer(
    {
      command: installation.program,
      args: [
        ...common(installation, data),
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        `--init-file=${accounts}`,
        '--skip-name-resolve',
        `--secure-file-priv=${join(folder, 'files')}`,
        '--character-set-server=utf8mb4',
        '--default-time-zone=+00:00',
        '--innodb-buffer-pool-size=64M',
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-flush-method=nosync',
        '--skip-innodb-doublewrite',
        '--performance-schema=ON', // tests ask it what the server ran
        '--max-connections=200',
        '--max-allowed-packet=256M',
        '--local-infile=1',
        ...options,
      ],
      environment: installation.environment,
      stopSignal: 'SIGKILL', // the data are thrown away
      probe: async () => {
        const connection = await createConnection({ uri: value, connectTimeout: 2_000 })
        await connection.query('SELECT 1')
        await connection.end()
      },
    },
    signal,
  )
  return { ...server, value }
}

/** The server of this machine, or else that of the system's package registry. */
async function find(signal: AbortSignal): Promise<Installation> {
  const folders = [...pathFolders(), '/usr/sbin', '/usr/libexec', '/opt/homebrew/opt/mariadb/bin']
  const installed = findExecutable('mariadbd', folders)
  if (installed !== undefined) {
    const base = dirname(dirname(await realpath(installed)))
    for (const share of ['share/mysql', 'share/mariadb', 'share'].map((path) => join(base, path))) {
      const found = await readFile(join(share, tables[0] ?? '')).catch(() => undefined)
      if (found !== undefined) return { program: installed, share, environment: {} }
    }
  }
  const { root, environment } = await unpackedPackages('MariaDB', 'mariadb-server-core', signal)
  return { program: join(root, 'usr/sbin/mariadbd'), share: join(root, 'usr/share/mysql'), environment }
}

/** A new data folder, made once and copied for each start. */
async function template(installation: Installation, signal: AbortSignal): Promise<string> {
  const { program, share, environment } = installation
  const version = await runTool(program, ['--no-defaults', '--version'], { environment, signal })
  const statements = await Promise.all(tables.map((name) => readFile(join(share, name), 'utf8')))
  const bootstrap = [before, ...statements, after].join('\n')
  const recipe = createHash('sha256').update(version).update(bootstrap).update(small.join()).digest('hex')
  return cached(`mariadb-data-${recipe.slice(0, 12)}`, async (data) => {
    await runTool(program, [...common(installation, data), '--bootstrap', '--skip-networking'], {
      environment,
      input: bootstrap,
      signal,
    })
  })
}

/** @param data  the data folder */
function common({ share }: Installation, data: string): readonly string[] {
  return [
    '--no-defaults',
    // it refuses root unless that is said; another user could not read the cache
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    `--datadir=${data}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    ...small,
  ]
}
