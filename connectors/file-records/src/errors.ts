import { type BulkheadError, connectorErrors, isBulkheadError } from '@bulkhead/connector-sdk'

/** Codes that only this connector throws. */
export const { errors, error: failure } = connectorErrors({
  'file-records-settings-invalid': {
    kind: 'config',
    meaning: 'The settings name neither a folder nor a connection, or both',
    fix: 'Set `folder` for files of this machine, or `connection` for files of another connection',
  },
  'file-records-folder-relative': {
    kind: 'config',
    meaning: 'The folder is a relative path, and there is no application folder to start from',
    fix: 'Give an absolute path',
  },
  'file-records-folder-missing': {
    kind: 'config',
    meaning: 'The folder does not exist, or is not a folder',
    fix: 'Correct `folder`, or mount the volume',
  },
  'file-records-query-invalid': {
    kind: 'config',
    meaning: 'The query has a field that is missing, unknown, or contradicts another one',
    fix: 'Correct the field that the path names',
  },
  'file-records-not-found': {
    kind: 'config',
    meaning: 'No file, or no entry of an archive, has this path or matches it',
    fix: 'Choose one of the names that the message suggests',
  },
  'file-records-outside-folder': {
    kind: 'config',
    meaning: 'A path or a link leads out of the folder',
    fix: 'Name files below the folder; links may only lead to files below it',
  },
  'file-records-too-many': {
    kind: 'config',
    meaning: 'The query means more files or entries than one read may open',
    fix: 'Narrow the path',
  },
  'file-records-changed': {
    kind: 'transient',
    meaning: 'A file was changed, replaced or removed while it was read',
    fix: 'Write files under another name and rename them when they are complete',
  },
  'file-records-query-timeout': {
    kind: 'config',
    meaning: 'Reading worked longer than `limits.queryTimeout` of the connection',
    fix: 'Raise `limits.queryTimeout`, or read fewer files',
  },
  'file-records-unreadable': {
    kind: 'environment',
    meaning: 'The operating system refuses to read a file or folder, or the disk fails',
    fix: 'Give the user that runs Bulkhead the right to read it, and look at the system log of the machine',
  },
  'file-records-compression-broken': {
    kind: 'config',
    meaning: 'A compressed file is cut, damaged, or not compressed in this way',
    fix: 'Get the file again, or set `compression`',
  },
  'file-records-too-large': {
    kind: 'config',
    meaning: 'A file is larger than `maxFileSize` once it is unpacked',
    fix: 'Raise `maxFileSize` of the connection when the file is right',
  },
  'file-records-record-too-large': {
    kind: 'config',
    meaning: 'A record is larger than `maxRecordSize`; often the format is not what the query says',
    fix: 'Correct the format, or raise `maxRecordSize` of the connection',
  },
  'file-records-undecodable': {
    kind: 'config',
    meaning: 'Bytes of a file mean nothing in its encoding',
    fix: 'Correct `format.encoding`, or set `format.invalidBytes: replace`',
  },
  'file-records-malformed': {
    kind: 'config',
    meaning:
      'A file is not written as the format says: an open quote, a row of another length, a broken line',
    fix: 'Correct the file, or the options of `format`',
  },
  'file-records-columns-differ': {
    kind: 'config',
    meaning: 'A file has other columns than the query or the first file',
    fix: 'Correct `columns`, or read the files apart',
  },
  'file-records-value-invalid': {
    kind: 'config',
    meaning: 'A value does not fit the type of its column',
    fix: 'Correct the type of the column, its pattern or its null texts; text takes every value',
  },
})

/** The code that the operating system gave, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}

/** What an error of the operating system means here. One of our own passes unchanged. */
export function fromSystem(error: unknown, doing: string): BulkheadError {
  if (isBulkheadError(error)) return error
  const code = systemCode(error)
  const reason = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code
  return failure('file-records-unreadable', `${doing}: ${reason}`, { cause: error })
}

/** Most characters of a name from a file that an error shows. */
const MAX_SHOWN = 60

/** A name that stands in a file, cut and quoted for a message. */
export function shown(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name)
}
