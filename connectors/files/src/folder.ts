import { mkdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { ConnectionContext } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import type { Disk } from './disk.ts'
import { failure, fromSystem, systemCode } from './errors.ts'
import { PARTS_FOLDER } from './part-files.ts'

/** A folder that is written to. */
export interface WrittenFolder {
  readonly root: string
  readonly disk: Disk
}

/**
 * The folder of a connection, with its links resolved: whatever is read or written must be below it.
 * @throws `files-folder-relative`, `files-folder-missing`, or what the system refused
 */
export async function openFolder(
  context: ConnectionContext<Config>,
  role: 'source' | 'store',
): Promise<string> {
  const { folder, createFolder } = context.config
  const absolute = absoluteFolder(folder, context.baseFolder)
  try {
    if (createFolder && role === 'store') await mkdir(absolute, { recursive: true })
    const real = await realpath(absolute)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EEXIST'].includes(systemCode(error))) {
      throw fromSystem(error, `Cannot open the folder ${absolute}`, role === 'store' ? 'write' : 'read')
    }
  }
  throw failure('files-folder-missing', `There is no folder ${absolute}`, { path: 'config.folder' })
}

function absoluteFolder(folder: string, base: string | undefined): string {
  if (isAbsolute(folder)) return folder
  if (base !== undefined) return resolve(base, folder)
  throw failure('files-folder-relative', `The folder ${folder} is relative, and nothing says to what`, {
    path: 'config.folder',
  })
}

/** Longest name that common file systems take, bytes. */
const MAX_NAME_BYTES = 255

/**
 * Where an object of a store lies. Keys are checked by the engine; they are checked here again,
 * because a key that escapes would write anywhere.
 */
export function objectPath(root: string, key: string): string {
  const parts = key.split('/')
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || !isName(part))
  if (bad || parts[0] === PARTS_FOLDER)
    throw failure('files-key-invalid', 'The name of the object cannot be a path below the folder')
  return join(root, ...parts)
}

function isName(part: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001f\u007f]/.test(part) && Buffer.byteLength(part) <= MAX_NAME_BYTES
}
