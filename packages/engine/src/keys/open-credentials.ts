import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault, parseExactJson } from '@bulkhead/contract'
import { compactDecrypt } from 'jose'
import { contentEncryption, keyAlgorithms, mostSealedCharacters } from './key-algorithm.ts'
import { openPrivateKey } from './private-keys.ts'

const path = 'source.credentials.jwe'

export interface OpenOptions {
  readonly stateFolder: string
  readonly application: string
  readonly requestId: string
  /** Now, epoch milliseconds. */
  readonly nowMs: number
  /** Told every text that was sealed before anybody else sees one. */
  readonly onFound: (text: string) => void
}

/**
 * Opens the credentials of a request, in the process of its run only (I6). What they may be is decided by their
 * plan; here they are an object of JSON.
 *
 * @throws BulkheadError `credentials-unreadable`, `credentials-key-unknown`, `credentials-bound-elsewhere`,
 *         `credentials-expired`, `credentials-invalid`; `credentials-unopened` for all that goes wrong with the key,
 *         in the same words, so that nobody learns from them why
 */
export async function openCredentials(
  jwe: string,
  options: OpenOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const { alg, kid } = checkedHeader(jwe, options)
  const { stateFolder, application } = options
  const found = await openPrivateKey(stateFolder, application, kid)
  if (found === undefined)
    throw fault(
      'credentials-key-unknown',
      'The credentials are sealed to a key that the application does not have',
      {
        path,
      },
    )
  const plaintext = await decrypt(jwe, found.algorithm === alg ? found.key : undefined, alg)
  let fields: unknown
  try {
    fields = parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(plaintext))
  } catch {
    throw notAnObject() // whatever is said of it may quote it
  } finally {
    plaintext.fill(0)
  }
  for (const text of textsIn(fields)) options.onFound(text)
  if (!isRecord(fields)) throw notAnObject()
  return fields
}

/** Looks at what is not secret first. It is authenticated when the JWE opens. */
function checkedHeader(
  jwe: string,
  { application, requestId, nowMs }: OpenOptions,
): { readonly alg: string; readonly kid: string } {
  if (jwe.length > mostSealedCharacters) throw unreadable(`have more than ${mostSealedCharacters} characters`)
  // a part may be empty: an algorithm that leaves one out is refused by its name below
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$/.test(jwe)) throw unreadable('are no compact JWE')
  const { alg, enc, kid, aud, sub, exp, zip, crit } = headerOf(jwe)
  if (!keyAlgorithms.some((algorithm) => algorithm === alg))
    throw unreadable(`have another \`alg\` than ${keyAlgorithms.join(' or ')}`)
  if (enc !== contentEncryption) throw unreadable(`have another \`enc\` than ${contentEncryption}`)
  if (zip !== undefined) throw unreadable('are compressed')
  if (crit !== undefined) throw unreadable('demand an extension by `crit`, and none is known here')
  if (typeof kid !== 'string') throw unreadable('do not name their key by `kid`')
  if (typeof exp !== 'number' || !Number.isFinite(exp))
    throw unreadable('do not say when they expire, by `exp`')
  if (aud !== application || sub !== requestId)
    throw fault(
      'credentials-bound-elsewhere',
      `The credentials are sealed for another ${aud === application ? 'request' : 'application'}`,
      { path },
    )
  if (exp * 1000 <= nowMs) throw fault('credentials-expired', 'The sealed credentials have expired', { path })
  return { alg: String(alg), kid }
}

function headerOf(jwe: string): Readonly<Record<string, unknown>> {
  const encoded = jwe.slice(0, jwe.indexOf('.'))
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64url')))
  } catch {
    header = undefined
  }
  if (!isRecord(header)) throw unreadable('have no header that is a JSON object')
  return header
}

/** @param key  undefined: one of another algorithm */
async function decrypt(
  jwe: string,
  key: Parameters<typeof compactDecrypt>[1] | undefined,
  algorithm: string,
): Promise<Uint8Array> {
  try {
    if (key === undefined) throw new TypeError('A key of another algorithm')
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: [contentEncryption],
      maxDecompressedLength: 0,
    })
    return plaintext
  } catch {
    throw fault('credentials-unopened', 'The sealed credentials cannot be opened', { path })
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn)
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}

function unreadable(reason: string): BulkheadError {
  return fault('credentials-unreadable', `The sealed credentials ${reason}`, { path })
}

function notAnObject(): BulkheadError {
  return fault('credentials-invalid', 'The sealed credentials are no JSON object', { path })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
