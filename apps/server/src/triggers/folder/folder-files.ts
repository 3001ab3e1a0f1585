import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fault, requestBytes } from '@bulkhead/contract'

/** Where a request lies while it is taken, and after. */
export type Place = '.taken' | '.done' | '.failed'
const places: readonly Place[] = ['.taken', '.done', '.failed']

/** A file that may be a request, as it was seen. */
export interface SeenFile {
  readonly name: string
  /** Changes when the file does. */
  readonly state: string
}

/** A file that is this server's. */
export interface ClaimedFile {
  /** Name in `.taken`. */
  readonly claim: string
  /** Name that it came by; part of the id of a request without one. */
  readonly name: string
}

/** Of one look at the folder; the others come at the next. */
const mostFiles = 1000
/** What a claim puts before the name; it may be 255 bytes long on most file systems. */
const longestName = 200
const claimPattern = /^\d{13}-[0-9a-f]{8}~(.+)$/

/**
 * Makes the folder and its places. They must be folders themselves: a link would lead out of it.
 * @throws BulkheadError `trigger-folder-unusable`
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const place of places) {
      const path = join(folder, place)
      await mkdir(path).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error
      })
      if (!(await lstat(path)).isDirectory()) throw new Error(`${place} is no folder`)
    }
  } catch (cause) {
    const reason = codeOf(cause) ?? (cause instanceof Error ? cause.message : 'unknown fault')
    throw fault('trigger-folder-unusable', `The folder ${folder} cannot be used (${reason})`, { cause })
  }
}

/** Plain files `*.json`, by name; links and hidden files are nobody's. */
export async function seenFiles(folder: string): Promise<readonly SeenFile[]> {
  const names = await readdir(folder, { withFileTypes: true })
  const own = names
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json') && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted()
    .slice(0, mostFiles)
  const seen = await Promise.all(
    own.map(async (name) => {
      const stats = await lstat(join(folder, name), { bigint: true }).catch(() => undefined)
      return stats?.isFile() === true
        ? [{ name, state: `${stats.ino}/${stats.size}/${stats.mtimeNs}/${stats.ctimeNs}` }]
        : []
    }),
  )
  return seen.flat()
}

/** Makes a file this server's. @returns undefined when another server was first, or the file is gone */
export async function claimFile(
  folder: string,
  name: string,
  nowMs: number,
): Promise<ClaimedFile | undefined> {
  const kept =
    Buffer.byteLength(name) <= longestName ? name : `${createHash('sha256').update(name).digest('hex')}.json`
  // a name of its own, so that a file of the same name that is still being taken is not overwritten
  const claim = `${String(nowMs).padStart(13, '0')}-${randomBytes(4).toString('hex')}~${kept}`
  try {
    await rename(join(folder, name), join(folder, '.taken', claim))
    return { claim, name: kept }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What was claimed before a time, oldest first: by a server that died, or by this one in an earlier life. */
export async function leftClaims(folder: string, beforeMs: number): Promise<readonly ClaimedFile[]> {
  const claims = (await readdir(join(folder, '.taken'))).toSorted().slice(0, mostFiles)
  return claims.flatMap((claim) => {
    const name = claimPattern.exec(claim)?.[1]
    return name === undefined || Number(claim.slice(0, 13)) >= beforeMs ? [] : [{ claim, name }]
  })
}

/**
 * @returns undefined when it is not there: another server has finished it
 * @throws BulkheadError `request-unreadable` when it is no plain file, or larger than a request may be
 */
export async function readClaimed(folder: string, { claim }: ClaimedFile): Promise<Buffer | undefined> {
  let file
  try {
    // it may have been exchanged for a link or a pipe since it was seen
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    file = await open(join(folder, '.taken', claim), flags)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (codeOf(error) === 'ELOOP') throw fault('request-unreadable', 'The file is a link')
    throw error
  }
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw fault('request-unreadable', 'It is no plain file')
    if (stats.size > requestBytes) throw fault('request-unreadable', 'The request is larger than 1 MiB')
    const bytes = Buffer.alloc(stats.size)
    const { bytesRead } = await file.read(bytes, 0, stats.size, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Puts a claimed file where it belongs when it is over; what went wrong stands beside it. */
export async function settleFile(
  folder: string,
  { claim }: ClaimedFile,
  place: '.done' | '.failed',
  error?: { readonly code: string; readonly message: string; readonly fix?: string | undefined },
): Promise<void> {
  if (error !== undefined) {
    const { code, message, fix } = error
    await writeFile(join(folder, place, `${claim}.error`), `${JSON.stringify({ code, message, fix })}\n`)
  }
  await rename(join(folder, '.taken', claim), join(folder, place, claim)).catch((cause: unknown) => {
    // another server that took it for left has finished it
    if (codeOf(cause) !== 'ENOENT') throw cause
  })
}

/** Removes what came to an end before a time, with the reasons beside it; a file of others is left alone. @returns how many */
export async function removeSettled(folder: string, beforeMs: number): Promise<number> {
  let removed = 0
  for (const place of ['.done', '.failed'] as const) {
    const names = (await readdir(join(folder, place)))
      .filter((name) => claimPattern.test(name) && Number(name.slice(0, 13)) < beforeMs)
      .slice(0, mostFiles)
    for (const name of names) await rm(join(folder, place, name), { force: true })
    removed += names.length
  }
  return removed
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return typeof code === 'string' ? code : undefined
}
