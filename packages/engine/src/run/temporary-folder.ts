import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/** How often the folder is measured: files that a native client writes pass by every counter of ours. */
const measureMs = 500

/** A folder of one run, bounded in bytes, and gone when the run is over. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Made at the first call, with mode 0700. */
  path(): Promise<string>
  /**
   * Counts bytes that are about to be written.
   * @throws BulkheadError `temporary-space-exhausted`
   */
  reserve(bytes: number): void
}

/**
 * @param root        where such folders are made; it is made too when missing
 * @param limitBytes  most bytes that the files in it may have
 * @param onExceeded  told once, when files grew past the limit that nobody had reserved
 */
export function temporaryFolder(options: {
  readonly root: string
  readonly limitBytes: number
  readonly onExceeded: (error: BulkheadError) => void
}): TemporaryFolder {
  let made: Promise<string> | undefined
  let timer: NodeJS.Timeout | undefined
  let reserved = 0

  async function make(): Promise<string> {
    const path = join(options.root, `${await ownerMark()}-${randomBytes(6).toString('hex')}`)
    await mkdir(options.root, { recursive: true, mode: 0o700 })
    await requireOwn(options.root)
    await mkdir(path, { mode: 0o700 })
    timer = setInterval(() => {
      sizeOf(path)
        .then((bytes) => check(bytes))
        .catch((error: unknown) => {
          clearInterval(timer)
          // a folder that is being removed cannot be measured, and need not be
          if (isBulkheadError(error)) options.onExceeded(error)
        })
    }, measureMs).unref()
    return path
  }

  function check(bytes: number): void {
    if (bytes > options.limitBytes)
      throw fault(
        'temporary-space-exhausted',
        `The run needs more than ${options.limitBytes} bytes of temporary space`,
        { path: 'spec.policy.limits.temporary' },
      )
  }

  return {
    path: () => (made ??= make()),
    reserve(bytes) {
      reserved += bytes
      check(reserved)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      const path = await made?.catch(() => undefined) // who asked for it was told
      if (path === undefined) return
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/**
 * Removes what processes left behind that are dead: their power went, or somebody killed them. Folders
 * of other machines and containers are left alone, because nobody here can tell whether they live.
 *
 * @returns how many were removed
 */
export async function sweepTemporaryFolders(root: string): Promise<number> {
  const home = `${await machineMark()}-`
  let removed = 0
  for (const name of await namesIn(root)) {
    if (!name.startsWith(home)) continue
    const [pid = '', startedAt = ''] = name.slice(home.length).split('-')
    if ((await startTime(Number(pid))) === startedAt) continue
    await rm(join(root, name), { recursive: true, force: true })
    removed++
  }
  return removed
}

/** In a folder that everyone may write to, someone else may have been there first. */
async function requireOwn(folder: string): Promise<void> {
  const stats = await lstat(folder)
  const user = process.getuid?.()
  if (stats.isDirectory() && (user === undefined || (stats.uid === user && (stats.mode & 0o022) === 0)))
    return
  throw fault('state-folder-unusable', `The folder for temporary files ${folder} is not this user's alone`, {
    fix: 'Remove it, or set TMPDIR to a folder of your own',
  })
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch {
    return [] // nothing was ever made there
  }
}

/** Names this very process: a process id comes back, together with its start it does not. */
async function ownerMark(): Promise<string> {
  return `${await machineMark()}-${process.pid}-${await startTime(process.pid)}`
}

/** Machine and process namespace: process ids of another container say nothing here. */
async function machineMark(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9]/g, '_')
    .slice(0, 60)
  return `bulkhead-${name}-${namespace.replaceAll(/\D/g, '')}`
}

/** When the process began, in ticks since boot; `gone` when it is not there, `0` where nobody tells. */
async function startTime(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // behind the name, which may hold spaces and brackets; field 22 of all
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return isAlive(pid) ? '0' : 'gone'
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Bytes that the files below a folder take on the disk, or will. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const stats = await stat(join(entry.parentPath, entry.name)).catch(() => undefined)
    bytes += stats?.size ?? 0
  }
  return bytes
}
