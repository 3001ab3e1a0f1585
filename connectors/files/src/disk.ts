import {
  closeSync,
  fdatasync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { link, mkdir, open, realpath, stat, statfs, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'

/** The calls of a file system by which an object comes to its name; each fails as those of `node:fs/promises` do. */
export interface Disk {
  open(path: string, flags: string | number, mode?: number): Promise<DiskFile>
  mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined>
  link(existing: string, path: string): Promise<void>
  unlink(path: string): Promise<void>
  realpath(path: string): Promise<string>
  stat(path: string): Promise<{ readonly size: number }>
}

export interface DiskFile {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
  sync(): Promise<void>
  datasync(): Promise<void>
  /** When what is under way with it is over. Again: nothing. */
  close(): Promise<void>
}

/**
 * File systems of this machine, which answer a call about a name out of memory: ext2 to ext4, XFS, Btrfs, F2FS, ZFS,
 * tmpfs, overlayfs. @see https://man7.org/linux/man-pages/man2/statfs.2.html
 */
const localTypes: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630,
])

/** How the file system of a folder is spoken to; a share of the network may take its time with each call. */
export async function diskOf(folder: string): Promise<Disk> {
  if (process.platform !== 'linux') return anyDisk
  const { type } = await statfs(folder)
  return localTypes.has(type) ? localDisk : anyDisk
}

/** By the threads of Node: the loop waits for no call. */
export const anyDisk: Disk = {
  open: (path, flags, mode) => open(path, flags, mode),
  mkdir: (path, options) => mkdir(path, options),
  link,
  unlink,
  realpath: (path) => realpath(path),
  stat: (path) => stat(path),
}

/**
 * Names at once, on the loop: such a call takes some microseconds, the way to a thread and back a hundred, and a small result has a
 * dozen of them. What reaches the disk, and what is large, goes by the threads all the same.
 */
export const localDisk: Disk = {
  open: async (path, flags, mode) => new LocalFile(openSync(path, flags, mode)),
  mkdir: async (path, options) => mkdirSync(path, options),
  link: async (existing, path) => linkSync(existing, path),
  unlink: async (path) => unlinkSync(path),
  realpath: async (path) => realpathSync.native(path),
  stat: async (path) => statSync(path),
}

/** So many bytes are copied into memory of the system sooner than a thread is woken. */
const smallBytes = 64 * 1024

const syncing = promisify(fsync)
const syncingData = promisify(fdatasync)
const writing = promisify(write)

class LocalFile implements DiskFile {
  readonly #fd: number
  readonly #underWay = new Set<Promise<unknown>>()
  #closed = false

  constructor(fd: number) {
    this.#fd = fd
  }

  async write(bytes: Uint8Array, offset: number, length: number, position: number) {
    const fd = this.#open()
    if (length <= smallBytes) return { bytesWritten: writeSync(fd, bytes, offset, length, position) }
    return await this.#during(writing(fd, bytes, offset, length, position))
  }

  async sync(): Promise<void> {
    await this.#during(syncing(this.#open()))
  }

  async datasync(): Promise<void> {
    await this.#during(syncingData(this.#open()))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // its number may be another file's a moment later
    await Promise.allSettled(this.#underWay)
    closeSync(this.#fd)
  }

  #open(): number {
    if (this.#closed) throw Object.assign(new Error('The file is closed'), { code: 'EBADF' })
    return this.#fd
  }

  async #during<T>(call: Promise<T>): Promise<T> {
    this.#underWay.add(call)
    try {
      return await call
    } finally {
      this.#underWay.delete(call)
    }
  }
}
