import { fault } from '@bulkhead/contract'

/** Names of a file system take so many bytes; UTF-8 counts. */
const LONGEST_NAME_BYTES = 255
/** Together with the prefix of a store a key has at most 1024 bytes. */
const LONGEST_KEY_BYTES = 768
/** Deeper, a folder that is copied is an accident. */
const DEEPEST = 16

/** Devices of Windows, with any ending. @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)/i

/** Letters that turn the direction of text: `gpj.exe` would read as `exe.jpg`. @see UAX 9, 2 */
const turnsText = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
/** Line and paragraph separators, invisible marks, private and unassigned use as controls. */
const invisible = /[\p{Cc}\u2028\u2029\ufeff\ufff9-\ufffb]/u

/**
 * Checks the name of a file, which a request may have chosen: safe on every file system, in a key, in
 * a header and on a screen.
 *
 * @param path  where the name stands, for the error
 * @returns     the name in Unicode's composed form, so that equal names are equal
 * @throws BulkheadError `file-name-invalid`
 */
export function checkFileName(fileName: string, path = 'output.fileName'): string {
  const name = fileName.normalize('NFC')
  const reason = faultOf(name)
  if (reason === undefined) return name
  throw fault('file-name-invalid', `The file name ${quoted(fileName)} ${reason}`, { path })
}

/**
 * The key of a result: `<folder>/<fileName>`, below the prefix of the store; the folder is the run's.
 * @throws BulkheadError `file-name-invalid`
 */
export function objectKey(folder: string, fileName: string, path?: string): string {
  return `${folder}/${checkFileName(fileName, path)}`
}

/**
 * The key of a file that is copied under the name it has at its source, folders included: every part
 * of it is held to the rules of a file name.
 * @throws BulkheadError `file-name-invalid`
 */
export function copiedFileKey(folder: string, name: string, path = 'query'): string {
  const parts = name.split('/')
  if (parts.length > DEEPEST) {
    throw fault('file-name-invalid', `The file name ${quoted(name)} has more than ${DEEPEST} folders`, {
      path,
    })
  }
  const key = `${folder}/${parts.map((part) => checkFileName(part, path)).join('/')}`
  if (Buffer.byteLength(key) > LONGEST_KEY_BYTES) {
    throw fault(
      'file-name-invalid',
      `The file name ${quoted(name)} is longer than ${LONGEST_KEY_BYTES} bytes`,
      {
        path,
      },
    )
  }
  return key
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (Buffer.byteLength(name) > LONGEST_NAME_BYTES) return `is longer than ${LONGEST_NAME_BYTES} bytes`
  if (/[/\\]/.test(name)) return 'holds a path separator'
  if (name.startsWith('.')) return 'begins with a dot'
  if (!name.isWellFormed()) return 'is not valid Unicode'
  if (invisible.test(name)) return 'holds control characters'
  if (turnsText.test(name)) return 'holds characters that turn the direction of text'
  if (/^\s|[\s.]$/u.test(name)) return 'begins with a space, or ends with a space or a dot'
  return reserved.test(name) ? 'is a device of Windows' : undefined
}

/** For a message: short, and nothing in it that a screen would obey. */
function quoted(name: string): string {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name
  return JSON.stringify(shown).replaceAll(
    /[^\u0020-\u007e…]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
