import { deriveLinkKey, keyName } from './link-key.ts'
import type { LinkGrant } from './link-grant.ts'
import { DEFAULT_BASE_URL } from './link-signer.ts'
import { openMasterKey } from './master-key.ts'
import { registerServedFolder } from './served-folder.ts'

/**
 * Prepares a run that delivers to local stores: opens or makes the master key, registers the stores'
 * folders for the application, and derives its key. Done by the process that starts the run, never
 * by a runner (I7).
 *
 * @param folders  absolute, or relative to the working folder
 * @param baseUrl  what `BULKHEAD_FILES_URL` says
 * @throws BulkheadError `state-folder-unusable`, `connection-config-invalid`, `disk-full`
 */
export async function grantLinks(options: {
  readonly stateFolder: string
  readonly application: string
  readonly folders: readonly string[]
  readonly baseUrl: string | undefined
}): Promise<LinkGrant> {
  const { stateFolder, application, baseUrl } = options
  const master = await openMasterKey(stateFolder)
  const folders = []
  for (const folder of options.folders) {
    folders.push(await registerServedFolder(stateFolder, application, folder))
  }
  return {
    application,
    key: Buffer.from(deriveLinkKey(master, application).bytes).toString('base64url'),
    folders,
    baseUrl: baseUrl ?? DEFAULT_BASE_URL,
    serverKey: keyName(master),
  }
}
