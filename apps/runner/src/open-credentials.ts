import type { Request } from '@bulkhead/contract'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/**
 * Opens the credentials that a request brought sealed, by the key of its application in the state folder (D13).
 * The redactor knows them before anybody else does.
 *
 * @returns undefined when there are none
 * @throws BulkheadError as `openCredentials` of the engine
 */
export async function openCredentials(
  { id, data: { source } }: Request,
  run: {
    readonly application: string
    readonly stateFolder: string
    readonly redactor: Redactor
    readonly nowMs: number
  },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (source === undefined || !('connector' in source)) return undefined
  const jwe = source.credentials?.['jwe']
  if (typeof jwe !== 'string') return undefined
  const { application, stateFolder, redactor, nowMs } = run
  // loaded here and not above: a run without sealed credentials does not pay for it
  const { openCredentials: open } = await import('@bulkhead/engine/keys/open-credentials')
  return open(jwe, {
    stateFolder,
    application,
    requestId: id,
    nowMs,
    onFound: (text) => redactor.add(text),
  })
}
