import type { LocalFile } from '@bulkhead/connector-sdk/local-files'
import type { Settings } from '../config.ts'
import { failure } from '../errors.ts'
import { atMost, type Compression, compressionOf, readFileBytes } from './unpack.ts'
import { listEntries } from './zip-archive.ts'

/** What records are read from: a file, or an entry of a zip archive. */
export interface Document {
  /** What errors call it. */
  readonly name: string
  /** The file that holds it. */
  readonly file: LocalFile
  /** Whether `file` is the document itself, as it lies on the disk. */
  readonly isPlain: boolean
  /** Its bytes, unpacked; throws for more than the connection allows. */
  read(signal: AbortSignal): AsyncGenerator<Uint8Array>
}

/** Most documents of one read: they are held in memory (I8). */
const MAX_DOCUMENTS = 20_000

/**
 * The documents in files, in order.
 * @param entries  what to read from zip archives; undefined: their only file
 */
export async function findDocuments(
  files: readonly LocalFile[],
  {
    compression,
    entries,
  }: { readonly compression: Compression | undefined; readonly entries: string | undefined },
  { maxFileBytes }: Settings,
  signal: AbortSignal,
): Promise<readonly Document[]> {
  const documents: Document[] = []
  for (const file of files) {
    const packed = compression ?? compressionOf(file.name)
    if (packed === 'zip') {
      for (const entry of await listEntries(file, entries, signal)) {
        const full = `${file.name}: ${entry.name}`
        const bounded = (readSignal: AbortSignal) => atMost(entry.read(readSignal), maxFileBytes, full)
        documents.push({ name: full, file, isPlain: false, read: bounded })
      }
    } else {
      const read = (readSignal: AbortSignal) =>
        atMost(readFileBytes(file, packed, readSignal), maxFileBytes, file.name)
      documents.push({ name: file.name, file, isPlain: packed === 'none', read })
    }
    if (documents.length > MAX_DOCUMENTS) {
      throw failure('file-records-too-many', `The query means more than ${MAX_DOCUMENTS} files`, {
        path: 'query.path',
      })
    }
  }
  return documents
}
