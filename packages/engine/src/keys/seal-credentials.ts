import { fault } from '@bulkhead/contract'
import { CompactEncrypt, importJWK } from 'jose'
import { contentEncryption, mostSealedCharacters } from './key-algorithm.ts'
import type { PublicKey } from './key-pair.ts'

/** What sealed credentials are good for, and nothing else. */
export interface SealedFor {
  readonly application: string
  readonly requestId: string
  /** Epoch milliseconds; the header has whole seconds. */
  readonly expiresMs: number
}

/**
 * Seals credentials to a key of an application: a compact JWE, which `source.credentials.jwe` of a request takes.
 * Its header binds it by registered names: `aud` the application, `sub` the id of the request, `exp` its end.
 * The header is authenticated with the content, so that none of it can be changed.
 *
 * @param fields  secrets of the connector, each a text
 * @throws BulkheadError `credentials-invalid` when they are too large
 * @see RFC 7516, section 7.1; RFC 7519, section 5.3 for claims in a header
 */
export async function sealCredentials(
  fields: Readonly<Record<string, unknown>>,
  key: PublicKey,
  { application, requestId, expiresMs }: SealedFor,
): Promise<string> {
  const plaintext = Buffer.from(JSON.stringify(fields))
  try {
    const sealed = await new CompactEncrypt(plaintext)
      .setProtectedHeader({
        alg: key.alg,
        enc: contentEncryption,
        kid: key.kid,
        aud: application,
        sub: requestId,
        exp: Math.floor(expiresMs / 1000),
      })
      .encrypt(await importJWK(key, key.alg))
    if (sealed.length > mostSealedCharacters)
      throw fault(
        'credentials-invalid',
        `Sealed, the credentials have more than ${mostSealedCharacters} characters`,
        {
          fix: 'Seal only what the connector needs',
        },
      )
    return sealed
  } finally {
    plaintext.fill(0)
  }
}
