import { readPlatform } from '@bulkhead/engine/platform/read-platform'
import { makePrivateFolder, stateFolder as stateFolderOf } from '@bulkhead/engine/links/state-folder'
import { backUpRepository } from './repository/back-up-repository.ts'
import { restoreRepository } from './repository/restore-repository.ts'

export interface CopyOptions {
  /** Absolute; undefined: defaults, and variables over them. */
  readonly platformFile: string | undefined
  /** Variables of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Absolute path of the backup. */
  readonly file: string
}

/**
 * Writes what a server keeps to a file, while it may be running (P9).
 *
 * @throws BulkheadError `platform-invalid`, `repository-unusable`, `repository-unavailable`
 */
export async function backUpServer({ platformFile, environment, file }: CopyOptions): Promise<void> {
  const spec = await readPlatform(platformFile, environment)
  await backUpRepository(spec.repository, { stateFolder: stateFolderOf(environment), environment }, file)
}

/**
 * Fills the empty repository of a server that is not running yet.
 *
 * @returns how many rows, by table
 * @throws BulkheadError `repository-not-empty`, `backup-unreadable`, `repository-in-use`, and what reading the platform throws
 */
export async function restoreServer({
  platformFile,
  environment,
  file,
}: CopyOptions): Promise<Readonly<Record<string, number>>> {
  const spec = await readPlatform(platformFile, environment)
  const stateFolder = stateFolderOf(environment)
  await makePrivateFolder(stateFolder)
  return await restoreRepository(spec.repository, { stateFolder, environment }, file)
}
