import { crc32 } from 'node:zlib'
import { compileGlob, isBulkheadError, nearNames } from '@bulkhead/connector-sdk'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { LocalFile } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from '../errors.ts'

/** Most entries of an archive that are looked at: their names are held in memory (I8). */
const MAX_ENTRIES = 20_000

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string
  /** @throws `file-records-compression-broken` for an entry that is cut, damaged or encrypted */
  read(signal: AbortSignal): AsyncGenerator<Uint8Array>
}

/**
 * The files of an archive by name.
 * @throws `file-records-compression-broken`, `file-records-too-many`
 */
export async function openArchive(
  archive: LocalFile,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>()
  const zip = await open(archive)
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      const name = entry.fileName
      if (name.endsWith('/')) continue
      if (entries.has(name)) throw broken(archive, `has two entries ${name}`, undefined)
      entries.set(name, { name, read: (readSignal) => readEntry(archive, entry, readSignal) })
      if (entries.size > MAX_ENTRIES) {
        throw failure('file-records-too-many', `${archive.name} has more than ${MAX_ENTRIES} entries`, {
          path: 'query.path',
        })
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw isBulkheadError(error) ? error : broken(archive, 'is damaged, or no zip archive', error)
  } finally {
    zip.close()
  }
  return entries
}

/**
 * The entries that a pattern means, sorted by name; without one, the only file of the archive.
 * @throws `file-records-not-found`, `file-records-query-invalid`, and what `openArchive` throws
 */
export async function listEntries(
  archive: LocalFile,
  pattern: string | undefined,
  signal: AbortSignal,
): Promise<readonly ZipEntry[]> {
  const entries = [...(await openArchive(archive, signal)).values()]
  if (pattern === undefined && entries.length > 1) {
    throw failure('file-records-query-invalid', `${archive.name} has ${entries.length} files`, {
      path: 'query.entries',
      fix: 'Say which by `entries`, as in "*.csv"',
    })
  }
  const glob = compileGlob(pattern ?? '**')
  const found = entries.filter(({ name }) => name === pattern || glob.matches(name))
  if (found.length > 0) return found.sort((left, right) => (left.name < right.name ? -1 : 1))
  const near = nearNames(
    pattern ?? '',
    entries.map(({ name }) => name),
  )
  throw failure('file-records-not-found', `No entry of ${archive.name} is ${pattern ?? 'a file'}`, {
    path: 'query.entries',
    fix: near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'Correct `entries`',
  })
}

async function* readEntry(archive: LocalFile, entry: Entry, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) {
    throw failure('file-records-compression-broken', `${archive.name} is encrypted`, {
      path: 'query.path',
      fix: 'Decrypt it first',
    })
  }
  const zip = await open(archive)
  try {
    const stream = await zip.openReadStreamPromise(entry)
    let sum = 0
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted()
        sum = crc32(chunk, sum)
        yield chunk
      }
    } finally {
      stream.destroy()
    }
    if (sum !== entry.crc32) throw broken(archive, `has the damaged entry ${entry.fileName}`, undefined)
  } catch (error) {
    signal.throwIfAborted()
    throw isBulkheadError(error) ? error : broken(archive, `has the damaged entry ${entry.fileName}`, error)
  } finally {
    zip.close()
  }
}

async function open(archive: LocalFile): Promise<ZipFile> {
  try {
    return await openPromise(archive.path, { lazyEntries: true, autoClose: false })
  } catch (error) {
    if (/^E[A-Z]+$/.test(systemCode(error))) throw fromSystem(error, `Cannot read ${archive.name}`)
    throw broken(archive, 'is damaged, or no zip archive', error)
  }
}

function broken(archive: LocalFile, what: string, cause: unknown): Error {
  return failure('file-records-compression-broken', `${archive.name} ${what}`, { path: 'query.path', cause })
}
