import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@bulkhead/connector-sdk'
import { makePrivateFolder, requirePrivate } from '@bulkhead/engine/links/state-folder'
import type { Repository, TokenRecord } from '../repository/repository.ts'
import { newToken, tokenDigest, tokenId } from './token.ts'

/** Name of the file in the state folder; the CLI of the same machine reads it. */
const fileName = 'admin-token'

export interface FirstTokenOptions {
  readonly repository: Pick<Repository, 'tokens' | 'addToken' | 'tokenByHash'>
  readonly stateFolder: string
  readonly log: Log
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * Somebody has to make the other tokens: where no administrator's token is valid, one is made and written into
 * the state folder, for its owner alone. The file comes first: a server that dies in between takes it up at its
 * next start.
 *
 * @throws BulkheadError `state-folder-unusable`; `repository-unavailable`
 */
export async function ensureFirstToken(options: FirstTokenOptions): Promise<void> {
  const { repository, stateFolder, log, now } = options
  const tokens = await repository.tokens()
  const isThere = tokens.some(
    ({ scopes, revokedAtMs, expiresAtMs }) =>
      scopes.includes('admin') && revokedAtMs === undefined && (expiresAtMs ?? Infinity) > now(),
  )
  if (isThere) return
  await makePrivateFolder(stateFolder)
  const file = join(stateFolder, fileName)
  const { id, sha256 } = (await leftBehind(file, repository)) ?? (await writeToken(file))
  const token: TokenRecord = {
    id,
    name: 'first-admin',
    sha256,
    scopes: ['admin'],
    createdAtMs: now(),
    expiresAtMs: undefined,
    revokedAtMs: undefined,
  }
  await repository.addToken(token, 'server')
  log.info('A token for the administrator was made', { file })
}

/** A file whose token nobody has heard of: of a start that ended too early. */
async function leftBehind(
  file: string,
  repository: FirstTokenOptions['repository'],
): Promise<{ readonly id: string; readonly sha256: string } | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const token = text.trim()
  const id = tokenId(token)
  if (id === undefined) return undefined
  await requirePrivate(file)
  const sha256 = tokenDigest(token)
  return (await repository.tokenByHash(sha256)) === undefined ? { id, sha256 } : undefined
}

async function writeToken(file: string): Promise<{ readonly id: string; readonly sha256: string }> {
  const { id, sha256, token } = newToken()
  const half = `${file}.${id}`
  try {
    await writeFile(half, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await rename(half, file)
  } finally {
    await rm(half, { force: true })
  }
  return { id, sha256 }
}
