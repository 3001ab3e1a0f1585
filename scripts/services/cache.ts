/** What is made once and kept between runs: outside the checkout, safe to delete at any time. */
import { mkdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** `$XDG_CACHE_HOME/bulkhead` or `~/.cache/bulkhead`. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bulkhead')
}

/**
 * The path of something in the cache, made by `make` when it is not there.
 *
 * Two processes at once make it once; one that dies half-way leaves nothing that looks finished.
 *
 * @param make  fills the empty folder that it is given, whose content becomes the cached one
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder(), name)
  if (await exists(path)) return path
  mkdirSync(dirname(path), { recursive: true })
  await using _lock = await lock(`${path}.lock`)
  if (await exists(path)) return path // made while this process waited
  const unfinished = await mkdtemp(`${path}.`)
  try {
    await make(unfinished)
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return path
}

/** Holds a lock file, a symbolic link to the holder's process id; waits for a holder that lives. */
async function lock(path: string): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true })
  for (;;) {
    try {
      symlinkSync(String(process.pid), path)
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = holderOf(path)
    if (holder !== undefined && !isAlive(holder)) unlink(path)
    else await sleep(100)
  }
}

function holderOf(path: string): number | undefined {
  try {
    return Number(basename(readlinkSync(path)))
  } catch {
    return undefined // let go in the meantime
  }
}

function unlink(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // another process was faster
  }
}

/** Whether a process with this id runs, even as another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
