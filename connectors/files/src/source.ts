import { constants, opendir, open } from 'node:fs/promises'
import {
  bindObjectParameters,
  type BytesBatch,
  type ConnectionContext,
  type Extract,
  type ReadRequest,
  type Source,
} from '@bulkhead/connector-sdk'
import { boundQuery, type Config } from './config.ts'
import { failure, fromSystem, systemCode } from './errors.ts'
import { findFiles, identityOf, type FileIdentity, type FoundFile } from './find-files.ts'
import { openFolder } from './folder.ts'

/** Larger reads gain nothing; smaller ones follow from `ReadRequest.batchBytes`. */
const MAX_READ_BYTES = 1024 * 1024

/** Opens the folder as a source of files that are copied as they are. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const root = await openFolder(context, 'source')
  return {
    async check() {
      try {
        await (await opendir(root)).close()
      } catch (error) {
        throw fromSystem(error, `Cannot read the folder ${root}`, 'read')
      }
      return `The folder ${root} is readable`
    },
    prepare: (read, signal) => prepare(root, read, signal),
    async [Symbol.asyncDispose]() {},
  }
}

async function prepare(root: string, read: ReadRequest, signal: AbortSignal): Promise<Extract> {
  signal.throwIfAborted()
  const parsed = boundQuery.safeParse(bindObjectParameters(read.query, read.parameters))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw failure('files-query-invalid', `The query is not { "path": ... }: ${issue?.message ?? 'invalid'}`, {
      path: ['query', ...(issue?.path ?? [])].map(String).join('.'),
    })
  }
  const { path } = parsed.data
  const files = await findFiles(root, typeof path === 'string' ? [path] : path, signal)
  return {
    fields: [],
    // Every byte that is yielded was there when `prepare` looked, or the read fails.
    consistency: 'snapshot',
    read: (readSignal) => copyFiles(files, Math.min(read.batchBytes, MAX_READ_BYTES), readSignal),
    async [Symbol.asyncDispose]() {},
  }
}

async function* copyFiles(
  files: readonly FoundFile[],
  bufferBytes: number,
  signal: AbortSignal,
): AsyncGenerator<BytesBatch> {
  const buffer = Buffer.allocUnsafe(Math.max(1, bufferBytes))
  for (const file of files) yield* copyFile(file, buffer, signal)
}

async function* copyFile(file: FoundFile, buffer: Buffer, signal: AbortSignal): AsyncGenerator<BytesBatch> {
  signal.throwIfAborted()
  try {
    // Never through a link, and without waiting for the writer of a pipe that took the file's place.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    await using handle = await open(file.path, flags)
    await assertUnchanged(handle, file)
    let position = 0n
    // An empty file is a file too: its one batch has no bytes.
    do {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, Number(position))
      signal.throwIfAborted()
      if (bytesRead === 0 && position < file.identity.size) throw changed(file)
      position += BigInt(bytesRead)
      if (position > file.identity.size) throw changed(file)
      if (position === file.identity.size) await assertUnchanged(handle, file)
      yield { form: 'bytes', bytes: buffer.subarray(0, bytesRead), rows: null, file: file.name }
      signal.throwIfAborted()
    } while (position < file.identity.size)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'].includes(systemCode(error))) throw changed(file)
    throw fromSystem(error, `Cannot read ${file.name}`, 'read')
  }
}

interface Statable {
  stat(options: { bigint: true }): Promise<Parameters<typeof identityOf>[0]>
}

async function assertUnchanged(handle: Statable, file: FoundFile): Promise<void> {
  const now = identityOf(await handle.stat({ bigint: true }))
  const names: (keyof FileIdentity)[] = ['device', 'inode', 'size', 'modifiedNs', 'changedNs']
  if (names.some((name) => now[name] !== file.identity[name])) throw changed(file)
}

function changed(file: FoundFile): Error {
  return failure('files-changed', `${file.name} changed while it was read`)
}
