/**
 * Packages of Debian and its family, unpacked into the cache by the tools of the system: nothing is
 * installed, no service starts, and it takes no root.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { findExecutable, namesIn, pathFolders } from './find-executable.ts'
import { MissingTool } from './missing-tool.ts'
import { runTool } from './server-process.ts'

export interface UnpackedPackages {
  /** Holds `usr/bin`, `usr/sbin`, `usr/share` ... of the packages, and of those they need that the machine has not. */
  readonly root: string
  /** For programs in it to find their libraries. */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Downloads packages once, and unpacks them.
 *
 * @param what  for people: the server that is in the package
 * @throws MissingTool on a system without apt and dpkg
 */
export async function unpackedPackages(
  what: string,
  packageName: string,
  signal: AbortSignal,
): Promise<UnpackedPackages> {
  const absent = ['apt-get', 'apt-cache', 'dpkg'].find(
    (tool) => findExecutable(tool, pathFolders()) === undefined,
  )
  if (absent !== undefined) {
    throw new MissingTool(
      `${what} is not installed, and without ${absent} its package ${packageName} cannot be had`,
    )
  }
  const root = await cached(`${await systemName()}-${packageName}`, async (folder) => {
    console.error(`bulkhead: downloading ${what} for the tests, the package ${packageName}: once`)
    const options = await knowing(packageName, folder, signal)
    // what the system would install with it; a simulation needs no root
    const plan = await runTool(
      'apt-get',
      [...options, '--simulate', '--no-install-recommends', '--reinstall', 'install', packageName],
      { signal },
    )
    const needed = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
    const archives = join(folder, 'archives')
    await mkdir(archives)
    await runTool('apt-get', [...options, 'download', ...new Set([packageName, ...needed])], {
      cwd: archives,
      signal,
    })
    for (const archive of await readdir(archives))
      await runTool('dpkg', ['--extract', join(archives, archive), folder], { signal })
    for (const used of ['archives', 'lists', 'apt-cache'])
      await rm(join(folder, used), { recursive: true, force: true })
  })
  const libraries = namesIn(join(root, 'usr/lib'))
    .filter((name) => name.includes('-linux-'))
    .map((name) => join(root, 'usr/lib', name))
  const known = process.env['LD_LIBRARY_PATH']
  return {
    root,
    environment: { LD_LIBRARY_PATH: [...libraries, ...(known ? [known] : [])].join(':') },
  }
}

/** Options for apt-get under which it knows the package: none, or lists of our own where the machine's are empty. */
async function knowing(packageName: string, folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const known = await runTool('apt-cache', ['show', '--no-all-versions', packageName], { signal }).catch(
    () => '',
  )
  if (known.trim() !== '') return []
  const options = [
    '-o',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    '-o',
    `Dir::Cache=${join(folder, 'apt-cache')}`,
    '-o',
    'Debug::NoLocking=1',
  ]
  await mkdir(join(folder, 'lists/partial'), { recursive: true })
  await mkdir(join(folder, 'apt-cache/archives/partial'), { recursive: true })
  await runTool('apt-get', [...options, 'update'], { signal })
  return options
}

/** `debian-12-x64`: programs of one release need not run on another. */
async function systemName(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const value = (name: string): string => new RegExp(`^${name}="?([\\w.]+)`, 'm').exec(release)?.[1] ?? 'any'
  return `${value('ID')}-${value('VERSION_ID')}-${process.arch}`
}
