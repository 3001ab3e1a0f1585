import { type BulkheadError, connectorErrors, isBulkheadError } from '@bulkhead/connector-sdk'

/** Codes that only this connector throws. */
export const { errors, error: failure } = connectorErrors({
  'files-folder-relative': {
    kind: 'config',
    meaning: 'The folder is a relative path, and there is no application folder to start from',
    fix: 'Give an absolute path',
  },
  'files-folder-missing': {
    kind: 'config',
    meaning: 'The folder does not exist, or is not a folder',
    fix: 'Correct `folder`, mount the volume, or set `createFolder: true` for a store',
  },
  'files-query-invalid': {
    kind: 'config',
    meaning: 'The query is not { path: ... }',
    fix: 'Write { "path": "folder/file.csv" }, with wildcards where needed',
  },
  'files-not-found': {
    kind: 'config',
    meaning: 'No file has this path or matches it',
    fix: 'Choose one of the names that the message suggests',
  },
  'files-outside-folder': {
    kind: 'config',
    meaning: 'A path or a link leads out of the folder',
    fix: 'Name files below the folder; links may only lead to files below it',
  },
  'files-too-many': {
    kind: 'config',
    meaning: 'A path matches more files than one read may copy',
    fix: 'Narrow the path',
  },
  'files-changed': {
    kind: 'transient',
    meaning: 'A file was changed, replaced or removed while it was read',
    fix: 'Write files under another name and rename them when they are complete',
  },
  'files-object-exists': {
    kind: 'config',
    meaning: 'The store has a file of this name already; nothing is overwritten',
    fix: 'Choose another file name',
  },
  'files-object-missing': {
    kind: 'config',
    meaning: 'The object was removed, perhaps by its retention',
    fix: 'Run the request again',
  },
  'files-key-invalid': {
    kind: 'config',
    meaning: 'The name of an object cannot be a path below the folder',
    fix: 'Use a file name of at most 255 bytes without / and control characters',
  },
  'files-disk-full': {
    kind: 'environment',
    meaning: 'The disk, or the quota on it, has no room left',
    fix: 'Free some space, or use another folder',
  },
  'files-size-limit': {
    kind: 'environment',
    meaning: 'The file grew past what the file system or the limits of the process allow',
    fix: 'Raise the limit (ulimit -f), use another file system, or split the output',
  },
  'files-not-readable': {
    kind: 'environment',
    meaning: 'The operating system refuses to read a file or folder',
    fix: 'Give the user that runs Bulkhead the right to read it',
  },
  'files-not-writable': {
    kind: 'environment',
    meaning: 'The operating system refuses to write in the folder',
    fix: 'Give the user that runs Bulkhead the right to write there, or mount it writable',
  },
  'files-io': {
    kind: 'environment',
    meaning: 'The disk or the network file system failed',
    fix: 'Look at the system log of the machine',
  },
})

type Code = Parameters<typeof failure>[0]

const codes: Readonly<Record<string, Code>> = {
  ENOSPC: 'files-disk-full',
  EDQUOT: 'files-disk-full',
  EFBIG: 'files-size-limit',
}
const refusals = new Set(['EACCES', 'EPERM', 'EROFS'])

/**
 * What an error of the operating system means here. One of our own passes unchanged.
 * @param doing  what was tried, as `Cannot write /srv/exports/a.csv`
 */
export function fromSystem(error: unknown, doing: string, access: 'read' | 'write'): BulkheadError {
  if (isBulkheadError(error)) return error
  const code = systemCode(error)
  const known = codes[code]
  if (known !== undefined) return failure(known, `${doing}: ${reasons[code] ?? code}`, { cause: error })
  if (refusals.has(code)) {
    const refused = access === 'read' ? 'files-not-readable' : 'files-not-writable'
    return failure(
      refused,
      `${doing}: ${code === 'EROFS' ? 'it is mounted read-only' : 'permission denied'}`,
      {
        cause: error,
      },
    )
  }
  return failure('files-io', `${doing}: ${code}`, { cause: error })
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would be larger than the system allows',
}

/** The code that the operating system gave, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
