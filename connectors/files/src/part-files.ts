import { createHash, randomBytes } from 'node:crypto'
import { constants, lstat, mkdir, opendir, readFile, readlink, rmdir, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { DiskFile } from './disk.ts'
import { systemCode } from './errors.ts'
import type { WrittenFolder } from './folder.ts'

/**
 * Files under construction. They lie in `.bulkhead-parts` below the store's folder, so that on the
 * same file system a finished one takes its place by a change of name (I5), and those of dead runs
 * are found without searching the store.
 *
 * The name says who writes, and where to: `<machine>-<pid>-<start>-<folder>-<random>.part`. `machine` is a hash of
 * host name, boot and pid namespace, `start` the start time of the process, which tells it from a later one with
 * the same pid, `folder` a hash of the first part of the object's key. `random` has 128 bits: nobody guesses the name.
 */
export const PARTS_FOLDER = '.bulkhead-parts'

/** After so long without a write, the part file of a machine that cannot be asked is taken for abandoned. */
const ABANDONED_MS = 24 * 60 * 60 * 1000
/** Most entries looked at in one sweep, so that opening a store is quick. */
const MAX_SWEPT = 10_000

export interface PartFile {
  readonly path: string
  readonly handle: DiskFile
}

/**
 * Makes an empty part file; its folder keeps other users out until it is complete.
 * @param key      of the object that it will be
 * @param isThere  its folder was looked at a moment ago
 */
export async function createPartFile(
  { root, disk }: WrittenFolder,
  key: string,
  isThere = false,
): Promise<PartFile> {
  const folder = join(root, PARTS_FOLDER)
  const name = `${await writerName()}-${folderMark(key)}-${randomBytes(16).toString('hex')}.part`
  const path = join(folder, name)
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW
  entering.set(root, (entering.get(root) ?? 0) + 1)
  try {
    for (let attempt = 1; ; attempt++) {
      if (!isThere || attempt > 1) await makeFolder(folder)
      try {
        return { path, handle: await disk.open(path, flags, 0o666) }
      } catch (error) {
        // Another process may have removed the empty folder between the two calls.
        if (systemCode(error) !== 'ENOENT' || attempt === MOST_ATTEMPTS) throw error
      }
    }
  } finally {
    const others = (entering.get(root) ?? 1) - 1
    if (others === 0) entering.delete(root)
    else entering.set(root, others)
  }
}

/** Many runs of a process write into one store: how many are about to make their file in the folder of each. */
const entering = new Map<string, number>()
const MOST_ATTEMPTS = 50

/** @throws what the system says, or ENOTDIR when something else has its name */
export function makePartsFolder(root: string): Promise<void> {
  return makeFolder(join(root, PARTS_FOLDER))
}

async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    await isFolder(folder)
  }
}

/** @throws when it is anything else: a link would lead the bytes elsewhere */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isDirectory()) return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
  throw Object.assign(new Error(path), { code: 'ENOTDIR' })
}

/** Removes the folder of part files when it is empty. Never throws: leaving it is harmless. */
export async function removePartsFolder(root: string): Promise<void> {
  if (entering.has(root)) return // Who comes now removes it in the end.
  try {
    await rmdir(join(root, PARTS_FOLDER))
  } catch {
    // Not empty, or gone.
  }
}

/**
 * Removes the part files of dead runs: of processes of this machine that are gone, and of other
 * machines when nothing was written for a day. A file of a living process is never touched.
 * @returns how many were removed
 */
export async function sweepPartFiles(root: string, now = Date.now()): Promise<number> {
  const folder = join(root, PARTS_FOLDER)
  let removed = 0
  let seen = 0
  try {
    for await (const entry of await opendir(folder)) {
      if (++seen > MAX_SWEPT) break
      const path = join(folder, entry.name)
      if (entry.isFile() && entry.name.endsWith('.part') && (await isAbandoned(path, entry.name, now))) {
        await unlink(path)
        removed++
      }
    }
  } catch (error) {
    // Another run sweeps too, or this one may only write its own: either way a later sweep tries again.
    if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS'].includes(systemCode(error))) throw error
  }
  if (removed > 0) await removePartsFolder(root)
  return removed
}

/**
 * Removes the part files of objects below a folder, of the living too: without it their upload cannot be completed.
 * @param folder  first part of keys
 */
export async function removePartFiles(root: string, folder: string): Promise<void> {
  const parts = join(root, PARTS_FOLDER)
  const mark = folderMark(folder)
  try {
    for await (const { name } of await opendir(parts))
      if (name.split('-')[3] === mark) await unlink(join(parts, name)).catch(unlessGone)
  } catch (error) {
    unlessGone(error)
  }
  await removePartsFolder(root)
}

function unlessGone(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error
}

function folderMark(key: string): string {
  return createHash('sha256')
    .update(key.split('/', 1)[0] ?? '')
    .digest('hex')
    .slice(0, 16)
}

async function isAbandoned(path: string, name: string, now: number): Promise<boolean> {
  const [machine, pid, start] = name.split('-')
  if (machine === (await machineName())) {
    return pid === undefined || start === undefined || !(await isAlive(Number(pid), start))
  }
  return now - (await stat(path)).mtimeMs > ABANDONED_MS
}

async function isAlive(pid: number, start: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false
  }
  return (await startOf(pid)) === start
}

let writer: Promise<string> | undefined
function writerName(): Promise<string> {
  writer ??= (async () => `${await machineName()}-${process.pid}-${await startOf(process.pid)}`)()
  return writer
}

let machine: Promise<string> | undefined
function machineName(): Promise<string> {
  machine ??= (async () => {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
    const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
    return createHash('sha256').update(`${hostname()}\0${boot}\0${namespace}`).digest('hex').slice(0, 16)
  })()
  return machine
}

/** Start time of a process in clock ticks since boot; `0` where there is no /proc: then the pid alone decides. */
async function startOf(pid: number): Promise<string> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may hold blanks and parentheses.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return fields[19] ?? '0'
  } catch {
    return '0'
  }
}
