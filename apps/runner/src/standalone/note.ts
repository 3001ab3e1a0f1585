import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from '@bulkhead/connector-sdk'
import { fault, runOutcomeSchema } from '@bulkhead/contract'

/** What is remembered of an attempt: how it ended (I3). Holds places and no links, as a repository does. */
const noteSchema = z.object({
  version: z.literal(1),
  /** Digest of what was asked for, by which another request under the same id is told. */
  content: z.string(),
  /** Epoch milliseconds. */
  finishedAtMs: z.int(),
  outcome: runOutcomeSchema,
})
export type Note = z.output<typeof noteSchema>

/** Packed, which is some fifty thousand files of one result. */
export const mostNoteBytes = 4 * 1024 * 1024
const mostUnpackedBytes = 64 * 1024 * 1024

const pack = promisify(gzip)
const unpack = promisify(gunzip)

/** @throws BulkheadError `request-memory-failed` when it is too large */
export async function noteBytes(note: Note): Promise<Uint8Array> {
  const bytes = await pack(JSON.stringify(note))
  if (bytes.length <= mostNoteBytes) return bytes
  throw fault('request-memory-failed', 'The result has too many files to be remembered')
}

/** @throws BulkheadError `request-memory-failed` when it is no note */
export async function noteOf(bytes: Uint8Array): Promise<Note> {
  try {
    const text = await unpack(bytes, { maxOutputLength: mostUnpackedBytes })
    return noteSchema.parse(JSON.parse(String(text)))
  } catch (cause) {
    throw fault('request-memory-failed', 'What the store holds about the request cannot be read', { cause })
  }
}
