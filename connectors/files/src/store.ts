import { randomBytes } from 'node:crypto'
import { rm, statfs, unlink } from 'node:fs/promises'
import type { ConnectionContext, Link, LinkRequest, Store, StoredObject } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { type Disk, diskOf } from './disk.ts'
import { failure, fromSystem, systemCode } from './errors.ts'
import { objectPath, openFolder, type WrittenFolder } from './folder.ts'
import {
  createPartFile,
  makePartsFolder,
  removePartFiles,
  removePartsFolder,
  sweepPartFiles,
} from './part-files.ts'
import { createIfAbsent, readStart } from './small-object.ts'
import { createUpload, removeObject } from './upload.ts'

/** Opens the folder as a store, and removes what dead runs left half-written. */
export async function openStore(context: ConnectionContext<Config>): Promise<Store> {
  const { kept } = context
  const opened = await lookedAt(context)
  const { root } = opened
  kept?.put(opened)
  return {
    check: (signal) => check(opened, signal),
    create: async (object) =>
      createUpload(opened, object, kept !== undefined && (await opened.sharesParts())),
    link: (object, request) => signedLink(context, opened, object, request),
    remove: (object) => removeObject(opened, object),
    sweep: (folder) => sweep(root, folder),
    createIfAbsent: (object, signal) => createIfAbsent(opened, object, signal),
    readStart: (key, maxBytes) => readStart(root, key, maxBytes),
    async [Symbol.asyncDispose]() {},
  }
}

/** Where runs follow one another, not each of them looks at the folder, and for what dead ones left. */
const lookEveryMs = 10_000

async function lookedAt(context: ConnectionContext<Config>): Promise<OpenedFolder> {
  const last = context.kept?.take()
  if (last instanceof OpenedFolder && performance.now() - last.atMs < lookEveryMs) return last
  const root = await openFolder(context, 'store')
  const removed = await sweepPartFiles(root).catch((error: unknown) => {
    throw fromSystem(error, `Cannot look for abandoned files in ${root}`, 'write')
  })
  if (removed > 0) context.log.info('Removed files that dead runs left half-written', { removed })
  return new OpenedFolder(root, await diskOf(root))
}

/** A folder that was looked at a moment ago; runs of one process share that of part files in it. */
class OpenedFolder implements AsyncDisposable, WrittenFolder {
  readonly root: string
  readonly disk: Disk
  readonly atMs = performance.now()
  #shared: Promise<boolean> | undefined

  constructor(root: string, disk: Disk) {
    this.root = root
    this.disk = disk
  }

  /** Whether the folder of part files is there; where it cannot be made, whoever writes is told why. */
  sharesParts(): Promise<boolean> {
    this.#shared ??= makePartsFolder(this.root).then(
      () => true,
      () => false,
    )
    return this.#shared
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shared !== undefined) await removePartsFolder(this.root)
  }
}

const checkBytes = 4096

/** Writes a file to the disk and removes it. */
async function check(folder: WrittenFolder, signal: AbortSignal): Promise<string> {
  const { root } = folder
  signal.throwIfAborted()
  try {
    const { path, handle } = await createPartFile(folder, 'check')
    try {
      await handle.write(randomBytes(checkBytes), 0, checkBytes, 0)
      await handle.sync()
    } finally {
      await handle.close()
      await unlink(path)
      await removePartsFolder(root)
    }
    const { bavail, bsize } = await statfs(root)
    return `The folder ${root} is writable, ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`
  } catch (error) {
    throw fromSystem(error, `Cannot write in the folder ${root}`, 'write')
  }
}

/** First what is under way, so that nothing can complete behind the removal of what is complete. */
async function sweep(root: string, folder: string): Promise<void> {
  const path = objectPath(root, folder)
  try {
    await removePartFiles(root, folder)
    // a link is removed as such: what it leads to lies elsewhere
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  } catch (error) {
    throw fromSystem(error, `Cannot remove what lies in ${folder}`, 'write')
  }
}

async function signedLink(
  context: ConnectionContext<Config>,
  { root, disk }: WrittenFolder,
  object: StoredObject,
  request: LinkRequest,
): Promise<Link> {
  const path = objectPath(root, object.key)
  try {
    const { size } = await disk.stat(path)
    return await context.signLink({ key: object.key, path, bytes: size }, request)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      throw failure('files-object-missing', `There is no file ${object.key} any more`, { cause: error })
    }
    throw fromSystem(error, `Cannot look at ${object.key}`, 'read')
  }
}
